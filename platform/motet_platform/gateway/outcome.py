"""How one request went: filled in along its path, read by the log, the metrics and the answer."""

from __future__ import annotations

from asyncio import CancelledError
from dataclasses import dataclass, field

from motet_platform.errors import MotetError
from motet_platform.gateway.usage import NOTHING, Usage


class ClientGone(Exception):
    """The client closed its connection; nobody is left to answer."""


@dataclass(slots=True)
class Outcome:
    """Never holds a prompt, an output or a key."""

    status: int = 0
    code: str = ""
    account_id: int | None = None
    key_id: int | None = None
    model: str = ""
    base: str = ""
    version: int | None = None
    worker: str = ""
    streamed: bool = False
    finish_reason: str = ""
    fault: str = ""
    usage: Usage = field(default=NOTHING)
    cost: int = 0
    tries: int = 0
    ttft_ms: int | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def failed(self, error: BaseException) -> None:
        """Name what ended the request before its time."""
        if isinstance(error, MotetError):
            self.status, self.code = error.status, error.code
        elif isinstance(error, ClientGone | GeneratorExit):
            self.status, self.code, self.finish_reason = 499, "client_gone", "cancelled"
        elif isinstance(error, CancelledError):
            self.status, self.code, self.finish_reason = 503, "shutdown", "cancelled"
        else:
            self.status, self.code = 500, "internal_error"
