"""The part of the tasks process that fetches: a few imports at once, beside everything else.

Not the outbox: its few threads are for work of seconds, and a source may be slow for half an hour.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from motet_platform.adapters.imports.run import import_run
from motet_platform.adapters.imports.services import import_claim
from motet_platform.adapters.models import Import

log = logging.getLogger(__name__)

POLL_S = 1.0
RUNNING = 8  # at once in one process


class Importer(threading.Thread):
    """Looks each second for imports that wait. `stop` gives back what is under way."""

    def __init__(self) -> None:
        super().__init__(name="importer", daemon=True)
        self._stopping = threading.Event()
        self._room = threading.BoundedSemaphore(RUNNING)
        self._pool = ThreadPoolExecutor(RUNNING, thread_name_prefix="import")

    def stop(self) -> None:
        self._stopping.set()
        self.join(timeout=3 * POLL_S)
        self._pool.shutdown()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                while self._begin():
                    pass
            except Exception as error:
                log.warning("imports cannot be looked for: %s", type(error).__name__)
            finally:
                connection.close()
            self._stopping.wait(POLL_S)

    def _begin(self) -> bool:
        """Begins one; False where none waits, or where there is no room."""
        if not self._room.acquire(blocking=False):
            return False
        try:
            row = import_claim()
            if row is not None:
                self._pool.submit(self._one, row)
                return True
        except BaseException:
            self._room.release()
            raise
        self._room.release()
        return False

    def _one(self, row: Import) -> None:
        try:
            import_run(row, self._stopping)
        except Exception as error:  # the database is away: the lease lapses, and that is told
            log.warning("import #%s is left: %s", row.pk, type(error).__name__)
        finally:
            connection.close()
            self._room.release()
