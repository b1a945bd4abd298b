"""Request bodies under ASGI: read when a view asks for them, bounded, never spooled beforehand.

Django's own ASGI handler writes a body of any size to disk before a view can refuse it. Here the
view's thread pulls the messages as it reads, so a client is slowed down to the disk's pace, and
what an unauthorised client sends is never stored. While a slow client is waited for, others get the
request's seat and its database connection.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextvars import ContextVar
from typing import Any

from django.core.handlers.asgi import ASGIHandler
from django.db import connection
from django.http.request import UnreadablePostError
from rest_framework.request import Request

from motet_platform.api.seats import SEATS, Seat
from motet_platform.errors import PayloadTooLarge

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

_seat: ContextVar[Seat] = ContextVar("seat")

SMALL = 1024 * 1024  # JSON bodies and forms
PATIENCE = 0.1  # seconds in all that a request keeps its seat while it waits for its client
IDLE_SECONDS = 60


class BodyStream:
    """A file-like body for the one thread of a synchronous view."""

    def __init__(self, receive: Receive, loop: asyncio.AbstractEventLoop, seat: Seat) -> None:
        self._receive = receive
        self._loop = loop
        self._seat = seat
        self._buffer = bytearray()
        self._more = True
        self._seen = 0
        self._patience = PATIENCE
        self.limit: int | None = SMALL

    def read(self, size: int | None = -1) -> bytes:
        """Up to `size` bytes, fewer only at the end. PayloadTooLarge, UnreadablePostError."""
        wanted = None if size is None or size < 0 else size
        while self._more and (wanted is None or len(self._buffer) < wanted):
            self._pull()
        data = bytes(self._buffer[:wanted])
        del self._buffer[: len(data)]
        return data

    def readline(self, size: int = -1) -> bytes:
        """Up to and with the next newline; Django drains a form's rest by lines."""
        while self._more and b"\n" not in self._buffer and not 0 <= size <= len(self._buffer):
            self._pull()
        end = self._buffer.find(b"\n") + 1 or len(self._buffer)
        data = bytes(self._buffer[: end if size < 0 else min(end, size)])
        del self._buffer[: len(data)]
        return data

    def close(self) -> None:
        self._buffer.clear()
        self._more = False

    def _pull(self) -> None:
        future = asyncio.run_coroutine_threadsafe(_next(self._receive), self._loop)
        begun = time.monotonic()
        try:
            message = future.result(max(0.0, self._patience))
        except FutureTimeout:
            message = self._wait(future)
        self._patience -= time.monotonic() - begun
        if message["type"] == "http.disconnect":
            self._more = False
            raise UnreadablePostError("the client went away")
        body: bytes = message.get("body", b"")
        self._more = message.get("more_body", False)
        self._seen += len(body)
        if self.limit is not None and self._seen > self.limit:
            raise PayloadTooLarge(f"The body is larger than {self.limit} bytes.")
        self._buffer += body

    def _wait(self, future: Future[Message]) -> Message:
        if not connection.in_atomic_block:
            connection.close()
        self._loop.call_soon_threadsafe(self._seat.give)
        try:
            return future.result(IDLE_SECONDS)
        except FutureTimeout:
            future.cancel()
            self._more = False
            raise UnreadablePostError("the client stopped sending") from None
        finally:
            asyncio.run_coroutine_threadsafe(self._seat.take(), self._loop).result()


async def _next(receive: Receive) -> Message:
    return await receive()


class StreamingHandler(ASGIHandler):
    """Django's handler with the body left where it is until it is read, for `seats` at once."""

    def __init__(self, seats: int = SEATS) -> None:
        super().__init__()
        self._seats = asyncio.Semaphore(seats)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_soon(message: Any) -> None:
            try:
                await asyncio.wait_for(send(message), IDLE_SECONDS)
            except TimeoutError:
                # It reads no more. Django ends the response at this as if the client had left.
                raise asyncio.CancelledError from None

        seat = Seat(self._seats)
        _seat.set(seat)
        await seat.take()
        try:
            await super().__call__(scope, receive, send_soon)
        finally:
            seat.leave()

    async def read_body(self, receive: Receive) -> Any:
        return BodyStream(receive, asyncio.get_running_loop(), _seat.get())

    async def listen_for_disconnect(self, receive: Receive) -> None:
        # Messages belong to the body's reader; it is told of a client that goes away.
        await asyncio.Event().wait()


def take_large_body(request: Request) -> None:
    """Lifts the limit on this request's body, for a view that bounds what it reads itself."""
    stream = getattr(request._request, "_stream", None)
    if isinstance(stream, BodyStream):
        stream.limit = None
