"""Server-sent events on an exchange: opened late, kept alive, cut when nobody reads."""

from __future__ import annotations

import asyncio
import contextlib
import time

from motet_platform.gateway.exchange import NO_STORE, Exchange
from motet_platform.gateway.outcome import ClientGone

_COMMENT = b": waiting\n\n"
_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    NO_STORE,
    (b"x-accel-buffering", b"no"),  # else some proxies collect the stream first
)


class EventStream:
    """Writes pieces in order. The 200 is sent with the first one, so that an error that comes
    before any output still has its own status.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._lock = asyncio.Lock()  # the reader of events and the pulse both write
        self._ended = False
        self._since = exchange.started_at  # of the silence, or of the write that is under way
        self.deadline = asyncio.timeout(None)  # moved up when the client takes nothing

    @property
    def opened(self) -> bool:
        return self._exchange.answered

    async def write(self, data: bytes) -> None:
        """Return when the piece is handed over. Raises ClientGone."""
        async with self._lock:
            self._since = time.monotonic()
            if not self.opened:
                await self._exchange.start(200, _HEADERS)
            await self._exchange.write(data)
            self._since = time.monotonic()
        if self._exchange.gone:
            raise ClientGone

    async def end(self, last: bytes) -> None:
        """Write the last piece and end the response."""
        async with self._lock:
            self._ended = True
            await self._exchange.write(last, more=False)

    async def tick(self, *, idle_s: float, send_s: float) -> None:
        """Write a comment into a long silence; cut off a client that takes nothing."""
        if self._exchange.gone or self._ended:
            return
        quiet = time.monotonic() - self._since
        if self._lock.locked():
            if quiet >= send_s:
                self._exchange.gone = True
                self.deadline.reschedule(asyncio.get_running_loop().time())
        elif quiet >= idle_s:
            with contextlib.suppress(ClientGone):  # the stream's own task finds out by itself
                await self.write(_COMMENT)


class Pulse:
    """Ticks every open stream of the process: one timer for all of them."""

    def __init__(self, *, idle_s: float, send_s: float) -> None:
        self._idle_s = idle_s
        self._send_s = send_s
        self._streams: set[EventStream] = set()
        self._ticks: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin ticking."""
        self._task = asyncio.create_task(self._run(), name="pulse")

    async def close(self) -> None:
        """Stop ticking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def add(self, stream: EventStream) -> None:
        self._streams.add(stream)

    def discard(self, stream: EventStream) -> None:
        self._streams.discard(stream)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(min(self._idle_s, self._send_s) / 4)
            for stream in list(self._streams):
                # Tasks of their own: one full socket must not hold up the others' ticks.
                tick = asyncio.create_task(stream.tick(idle_s=self._idle_s, send_s=self._send_s))
                self._ticks.add(tick)
                tick.add_done_callback(self._ticks.discard)
