"""Bytes from a client, streamed to disk: bounded, hashed, and gone unless they are kept.

The file has no name, so nothing of it outlives the request, whatever happens to the process.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from motet_platform.adapters.storage import disk_errors
from motet_platform.config import get_config
from motet_platform.errors import PayloadTooLarge


def scratch_folder() -> Path:
    """Where files lie while they are worked on."""
    folder = get_config().var / "tmp"
    with disk_errors():
        folder.mkdir(parents=True, exist_ok=True)
    return folder


class Received:
    """A file as it arrives. `file` is at its start once `finish` was called."""

    def __init__(self, *, what: str, limit: int) -> None:
        self._what = what
        self._limit = limit
        self._digest = hashlib.sha256()
        self.size = 0
        with disk_errors():
            self.file: IO[bytes] = tempfile.TemporaryFile(dir=scratch_folder())  # noqa: SIM115

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, data: bytes) -> None:
        """PayloadTooLarge `upload_too_large`, StorageFull."""
        self.size += len(data)
        if self.size > self._limit:
            raise PayloadTooLarge(
                f"{self._what} is larger than {self._limit} bytes.", code="upload_too_large"
            )
        self._digest.update(data)
        with disk_errors():
            self.file.write(data)

    def finish(self) -> None:
        with disk_errors():
            self.file.seek(0)

    def close(self) -> None:
        try:
            self.file.close()
        except OSError:
            pass  # buffered bytes that no longer fit on the disk; they were to be dropped

    @classmethod
    def of(cls, chunks: Iterable[bytes], *, what: str, limit: int) -> Received:
        """Everything in `chunks`; on any error nothing is left."""
        received = cls(what=what, limit=limit)
        try:
            for chunk in chunks:
                received.write(chunk)
            received.finish()
        except BaseException:
            received.close()
            raise
        return received
