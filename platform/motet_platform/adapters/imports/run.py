"""One import from its claim to the gate. Files without a name take the bytes, so a process that
dies leaves none; no database connection is held while they come."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from threading import Event
from typing import TypeVar

from django.db import connection

from motet_platform.adapters.files import staging
from motet_platform.adapters.imports import bucket, hub
from motet_platform.adapters.imports.failure import (
    ImportCancelled,
    ImportFailure,
    ImportReleased,
)
from motet_platform.adapters.imports.fetch import Progress
from motet_platform.adapters.imports.services import (
    import_fail,
    import_release,
    import_renew,
    import_submit,
)
from motet_platform.adapters.imports.source import HubSource, Source, source_check, source_of
from motet_platform.adapters.models import Import
from motet_platform.adapters.multipart import AdapterFiles
from motet_platform.adapters.services import files_stage, version_reserve
from motet_platform.adapters.storage import get_store
from motet_platform.config import get_config
from motet_platform.errors import MotetError, NotFound

log = logging.getLogger(__name__)

BEAT_S = 1.0

T = TypeVar("T")


def import_run(row: Import, stopping: Event | None = None) -> None:
    """Fetches both files and hands them to the gate, or notes why not; raises nothing. Once
    `stopping` is set the import is given back."""
    files = AdapterFiles()
    try:
        progress = asyncio.run(_Run(row, files, stopping or Event()).all())
        import_submit(row, progress, digest=files.digest)
        log.info("%s was imported", row.version)
    except (ImportFailure, MotetError) as error:
        if isinstance(error, NotFound):
            _clean(row)  # deleted between the last byte and the gate
        log.info("import of %s ended: %s", row.version, error.code)
        import_fail(row, code=error.code, message=error.message)
    except ImportCancelled:
        _clean(row)
    except ImportReleased:
        _clean(row)
        import_release(row)
    except Exception as error:
        # Where, but not what: the text of an exception may hold an address with its signature.
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("import of %s failed: %s\n%s", row.version, type(error).__name__, where)
        import_fail(
            row,
            code="import_failed",
            message="Something went wrong on our side: import it again, or upload it.",
        )
    finally:
        files.close()


async def source_fetch(source: Source, files: AdapterFiles, progress: Progress) -> None:
    """Fills `files`, which the caller closes. ImportFailure; a MotetError for limits and disks."""
    if isinstance(source, HubSource):
        await hub.download(source, files, progress)
    else:
        await bucket.download(source, files, progress)


def _clean(row: Import) -> None:
    with suppress(MotetError):  # a store that is away; the sweeper comes round
        get_store().remove(staging(row.version_id))


class _Run:
    def __init__(self, row: Import, files: AdapterFiles, stopping: Event) -> None:
        self._row = row
        self._files = files
        self._stopping = stopping
        self._progress = Progress(announce=self._reserve)

    async def all(self) -> Progress:
        source = source_of(self._row)
        if source is None:
            raise ImportFailure(
                "import_interrupted",
                "The server's key was changed before the import began: import it again.",
            )
        source_check(source)  # it may have been switched off since
        try:
            async with asyncio.timeout(get_config().import_timeout_s):
                await self._watched(source_fetch(source, self._files, self._progress))
        except TimeoutError:
            raise ImportFailure(
                "import_timeout",
                f"The source took longer than {get_config().import_timeout_s:g} s: upload the "
                "files, or import them from elsewhere.",
            ) from None
        await self._reserve(self._files.size)
        await self._watched(
            asyncio.to_thread(files_stage, version=self._row.version, files=self._files),
            to_the_end=True,
        )
        return self._progress

    async def _watched(self, work: Awaitable[T], *, to_the_end: bool = False) -> T:
        """The work, with the lease renewed beside it. ImportCancelled, ImportReleased; at once, or
        after work that cannot be ended in the middle."""
        task = asyncio.ensure_future(work)
        ended: Exception | None = None
        try:
            while not (await asyncio.wait({task}, timeout=BEAT_S))[0]:
                try:
                    await self._beat()
                except (ImportCancelled, ImportReleased) as error:
                    if not to_the_end:
                        raise
                    ended = error
            if ended is not None:
                raise ended
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _beat(self) -> None:
        if self._stopping.is_set():
            raise ImportReleased
        try:
            alive = await _in_database(lambda: import_renew(self._row, self._progress))
        except Exception as error:
            # The database is away for a moment: the lease bears that for a while.
            log.warning("%s: the lease is not renewed: %s", self._row.version, type(error).__name__)
            return
        if not alive:
            raise ImportCancelled

    async def _reserve(self, total: int) -> None:
        self._progress.total = total
        await _in_database(lambda: version_reserve(version=self._row.version, size=total))


async def _in_database(call: Callable[[], T]) -> T:
    """In a thread of its own, whose connection does not outlast the call."""

    def connected() -> T:
        try:
            return call()
        finally:
            connection.close()

    return await asyncio.to_thread(connected)
