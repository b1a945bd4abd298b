"""Bytes from a client, streamed to disk: bounded, hashed, and gone unless they are kept.

The file has no name, so nothing of it outlives the request, whatever happens to the process.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from motet_platform.adapters.gate.lora_config import MAX_BYTES
from motet_platform.adapters.models import Part
from motet_platform.adapters.storage import disk_errors
from motet_platform.config import get_config
from motet_platform.errors import PayloadTooLarge


def scratch_folder() -> Path:
    """Where files lie while they are worked on."""
    folder = get_config().var / "tmp"
    with disk_errors():
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True)
class Limit:
    """How large something may be, and what a client is told that sends more."""

    size: int
    what: str
    code: str = "upload_too_large"

    @classmethod
    def of(cls, part: Part) -> Limit:
        """A configuration has the gate's own limit and code: refused on arrival or by the gate."""
        if part is Part.CONFIG:
            return cls(MAX_BYTES, "adapter_config.json", "config_too_large")
        return cls(get_config().max_upload_bytes, "adapter_model.safetensors")

    def check(self, size: int) -> None:
        """PayloadTooLarge with this limit's code."""
        if size > self.size:
            raise PayloadTooLarge(f"{self.what} is larger than {self.size} bytes.", code=self.code)


class Received:
    """A file as it arrives. `file` is at its start once `finish` was called."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._digest = hashlib.sha256()
        self.size = 0
        with disk_errors():
            self.file: IO[bytes] = tempfile.TemporaryFile(dir=scratch_folder())  # noqa: SIM115

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, data: bytes) -> None:
        """PayloadTooLarge, StorageFull."""
        self.size += len(data)
        self._limit.check(self.size)
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
    def of(cls, chunks: Iterable[bytes], limit: Limit) -> Received:
        """Everything in `chunks`; on any error nothing is left."""
        received = cls(limit)
        try:
            for chunk in chunks:
                received.write(chunk)
            received.finish()
        except BaseException:
            received.close()
            raise
        return received
