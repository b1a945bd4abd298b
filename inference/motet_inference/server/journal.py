"""The worker's own record of what it did, one JSON line per request, for reconciliation."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec

log = logging.getLogger(__name__)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One request that ended. `outcome` is "finished" or the code of its failure."""

    at: float  # seconds since 1970
    request_id: str
    gateway_id: str
    account: str
    base_model: str
    digest: str  # empty for the base itself
    outcome: str
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


class Journal:
    """Append-only. Each line is one write, so a crash loses at most the line it interrupts."""

    def __init__(self, path: Path | None) -> None:
        self._file: int | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            self._file = os.open(path, flags, 0o600)
        self._encoder = msgspec.json.Encoder()

    def write(self, line: Line) -> None:
        """Never raises: a full disk must not end requests. Charging does not depend on this."""
        if self._file is not None:
            try:
                os.write(self._file, self._encoder.encode(line) + b"\n")
            except OSError as error:
                log.error("journal: %s lost: %s", line.request_id, error)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
