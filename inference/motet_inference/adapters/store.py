"""Adapters on local disk, by digest: fetched once, verified on arrival, the oldest dropped."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import re
import shutil
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from motet_inference.adapters.download import download
from motet_inference.adapters.errors import AdapterError
from motet_inference.adapters.files import TEMPORARY
from motet_inference.adapters.sources import open_source

_DIGEST = re.compile(r"[0-9a-f]{64}")
_FETCH_S = 300.0
_DOWNLOADS = 4

log = logging.getLogger(__name__)


class AdapterStore:
    """A folder of `limit` bytes that one worker owns. Disk work is done in threads.

    A digest in use is never dropped, so the folder may exceed its limit by what is in use.
    """

    def __init__(self, folder: Path, *, limit: int, s3_endpoint: str | None = None) -> None:
        self._folder = folder
        self._limit = limit
        self._s3_endpoint = s3_endpoint
        self._sizes: OrderedDict[str, int] = OrderedDict()  # least recently used first
        self._uses: Counter[str] = Counter()
        self._fetches: dict[str, asyncio.Task[None]] = {}
        self._threads = ThreadPoolExecutor(_DOWNLOADS, thread_name_prefix="adapter-store")
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = (folder / ".lock").open("w")
        self._open()

    @property
    def digests(self) -> list[str]:
        """What is on disk."""
        return list(self._sizes)

    @asynccontextmanager
    async def use(self, digest: str, uri: str) -> AsyncIterator[Path]:
        """The adapter's folder, which stays until the context ends. Raises AdapterError."""
        if not _DIGEST.fullmatch(digest):
            raise AdapterError("adapter_unavailable", "The adapter's digest is malformed.")
        self._uses[digest] += 1
        try:
            if digest not in self._sizes:
                await self._fetch(digest, uri)
            self._touch(digest)
            yield self._folder / digest
        finally:
            self._uses[digest] -= 1
            if not self._uses[digest]:
                del self._uses[digest]
                self._trim()

    async def close(self) -> None:
        """Abandon downloads; may be called twice."""
        for task in list(self._fetches.values()):
            task.cancel()
        await asyncio.gather(*self._fetches.values(), return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._lock.close()

    def _open(self) -> None:
        """Take over what an earlier process left; its partial downloads go."""
        try:
            fcntl.flock(self._lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise RuntimeError(f"{self._folder} belongs to another worker that runs") from None
        found: list[tuple[float, str, int]] = []
        for entry in self._folder.iterdir():
            if entry.name.startswith(TEMPORARY):
                shutil.rmtree(entry, ignore_errors=True)
            elif _DIGEST.fullmatch(entry.name) and entry.is_dir():
                for part in entry.glob(f"{TEMPORARY}*"):
                    part.unlink()
                found.append((entry.stat().st_mtime, entry.name, _size(entry)))
        self._sizes.update((name, size) for _, name, size in sorted(found))
        self._trim()

    async def _fetch(self, digest: str, uri: str) -> None:
        """Wait for the one download of this digest; it goes on when a waiter is cancelled."""
        task = self._fetches.get(digest)
        if task is None:
            task = asyncio.create_task(self._download(digest, uri), name=f"fetch {digest}")
            self._fetches[digest] = task
            task.add_done_callback(lambda task: self._fetched(digest, task))
        await asyncio.shield(task)

    def _fetched(self, digest: str, task: asyncio.Task[None]) -> None:
        self._fetches.pop(digest, None)
        if not task.cancelled() and (error := task.exception()):
            # Said here too: those who waited may be gone.
            log.warning("adapter %s: %s", digest, error)

    async def _download(self, digest: str, uri: str) -> None:
        source = open_source(uri, s3_endpoint=self._s3_endpoint)
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, download, source, digest, self._folder / digest)
        try:
            async with asyncio.timeout(_FETCH_S):
                self._sizes[digest] = await work
        except TimeoutError:
            raise AdapterError("adapter_unavailable", "The adapter did not arrive.") from None
        self._trim()

    def _touch(self, digest: str) -> None:
        self._sizes.move_to_end(digest)
        try:
            os.utime(self._folder / digest)  # the order survives a restart
            # What it is in slot layout comes later, and counts.
            self._sizes[digest] = _size(self._folder / digest)
        except OSError:
            pass  # only the order and the limit are at stake

    def _trim(self) -> None:
        total = sum(self._sizes.values())
        for digest in [d for d in self._sizes if d not in self._uses]:
            if total <= self._limit:
                return
            total -= self._sizes.pop(digest)
            # Renamed first: what is half removed must not be taken for an adapter.
            doomed = self._folder / f"{TEMPORARY}{digest}"
            try:
                (self._folder / digest).rename(doomed)
            except OSError:
                log.exception("dropping adapter %s", digest)
            else:
                self._threads.submit(shutil.rmtree, doomed, ignore_errors=True)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())
