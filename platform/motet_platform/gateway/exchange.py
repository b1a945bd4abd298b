"""One HTTP request and its response, over the bare ASGI callables."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import msgspec

from motet_platform.errors import InvalidRequest, MotetError, PayloadTooLarge, error_body
from motet_platform.gateway.identity import new_request_id
from motet_platform.gateway.outcome import ClientGone, Outcome

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

_EXPOSED = (
    b"x-request-id, retry-after, x-ratelimit-limit-requests, x-ratelimit-remaining-requests, "
    b"x-ratelimit-reset-requests, x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, "
    b"x-ratelimit-reset-tokens"
)
# Any origin may call with a key of its own: there are no cookies here that it could ride on.
_CORS: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", _EXPOSED),
)
NO_STORE: Header = (b"cache-control", b"no-store")
JSON: Header = (b"content-type", b"application/json")

_encode = msgspec.json.Encoder().encode


class Exchange:
    """Reads the request, writes the response, and knows when the client has gone."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.request_id = new_request_id()
        self.started_at = time.monotonic()
        self.outcome = Outcome()
        self.gone = False
        self._receive = receive
        self._send = send
        self._started = False
        self._watcher: asyncio.Task[None] | None = None
        self._on_gone: Callable[[], None] | None = None

    @property
    def elapsed_ms(self) -> int:
        return round((time.monotonic() - self.started_at) * 1000)

    @property
    def answered(self) -> bool:
        """Whether the response has begun: from here on no other status can be sent."""
        return self._started

    def header(self, name: bytes) -> str | None:
        """A request header, by its lower-case name."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    async def body(self, limit: int) -> bytes:
        """The whole body. Raises PayloadTooLarge, InvalidRequest and ClientGone."""
        declared = self.header(b"content-length")
        if declared is not None and declared.isdigit() and int(declared) > limit:
            raise _too_large(limit)
        if self.headers.get(b"content-encoding", b"identity") not in (b"", b"identity"):
            raise InvalidRequest("Send the body without a content-encoding.")
        parts: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.gone = True
                raise ClientGone
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            parts.append(chunk)
            if not message.get("more_body", False):
                return b"".join(parts)

    def watch(self, on_gone: Callable[[], None]) -> None:
        """From here on call `on_gone`, once, when the client goes; the latest one given counts."""
        self._on_gone = on_gone
        if self.gone:
            on_gone()
        elif self._watcher is None:
            self._watcher = asyncio.create_task(self._watch())

    def close(self) -> None:
        """Stop watching."""
        if self._watcher is not None:
            self._watcher.cancel()

    async def start(self, status: int, headers: Iterable[Header]) -> None:
        """Begin the response."""
        self._started = True
        self.outcome.status = status
        own = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in self.outcome.headers.items()]
        request_id = (b"x-request-id", self.request_id.encode())
        await self._send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [*headers, request_id, *own, *_CORS],
            }
        )

    async def write(self, data: bytes, *, more: bool = True) -> None:
        """Hand over a piece of the response; returns when the socket has taken what was before."""
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def answer(
        self, status: int, data: bytes, headers: Iterable[Header] = (JSON, NO_STORE)
    ) -> None:
        """A whole response."""
        length = (b"content-length", str(len(data)).encode())
        await self.start(status, [*headers, length])
        await self.write(data, more=False)

    async def answer_json(self, value: object) -> None:
        """200 with a JSON body."""
        await self.answer(200, _encode(value) + b"\n")

    async def refuse(self, error: MotetError) -> None:
        """An error in OpenAI's shape."""
        self.outcome.code = error.code
        self.outcome.headers.update(error.headers)
        await self.answer(error.status, _encode(error_body(error)) + b"\n")

    async def preflight(self) -> None:
        """Answer a browser that asks whether it may call."""
        asked = self.headers.get(b"access-control-request-headers", b"authorization, content-type")
        headers = [
            (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
            (b"access-control-allow-headers", asked),
            (b"access-control-max-age", b"86400"),
        ]
        await self.start(204, headers)
        await self.write(b"", more=False)

    async def _watch(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                break
        self.gone = True
        if self._on_gone is not None:
            self._on_gone()


def _too_large(limit: int) -> PayloadTooLarge:
    # The server drops the rest as it comes: a close now would reset the connection, and the client
    # would never read why.
    return PayloadTooLarge(f"The request body is larger than {limit} bytes.")
