"""The periodic jobs that run in this process, each on a thread of its own."""

from __future__ import annotations

import logging
import threading

from django.db import connection

from motet_platform.outbox.registry import PeriodicJob, periodic_jobs
from motet_platform.outbox.turns import Turn, turn_begin, turn_end, turns_keep

log = logging.getLogger(__name__)


class Jobs:
    """A job never overlaps itself, so there are no more threads than jobs, and none of them waits
    for what another one waits for: a Stripe that is silent keeps no hold from being swept.
    """

    def __init__(self) -> None:
        self._running: dict[str, tuple[Turn, threading.Thread]] = {}

    def keep(self) -> None:
        """Renews the leases of what is under way."""
        turns_keep(turn for turn, _ in self._running.values())

    def look(self) -> None:
        """Begins what is due."""
        for name in [name for name, (_, thread) in self._running.items() if not thread.is_alive()]:
            del self._running[name]
        for job in periodic_jobs.values():
            # Here it may run for longer than its lease, when the database was away meanwhile.
            if job.name not in self._running and (turn := turn_begin(job)):
                thread = threading.Thread(
                    target=turn_run, args=(job, turn), name=f"job {job.name}", daemon=True
                )
                thread.start()
                self._running[job.name] = turn, thread

    def finish(self) -> None:
        """Returns once everything under way has ended."""
        for _, thread in self._running.values():
            thread.join()


def turn_run(job: PeriodicJob, turn: Turn) -> None:
    """Runs the job and ends its turn; an exception of the job is noted, not raised."""
    try:
        try:
            job.run()
        except Exception:
            log.exception("periodic job %s failed; it comes round again", job.name)
            connection.close()  # which may be what failed
        turn_end(turn)
    except Exception as error:
        log.warning("the turn of %s ends by its lease: %s", job.name, error)
    finally:
        connection.close()
