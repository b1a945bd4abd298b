"""One gateway's session: what waits to be sent to it, and how it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from motet_inference.rpc import worker_pb2 as pb
from motet_inference.server.pieces import PIECE_BYTES, pieces

# An update larger than this is cut in two, well under the largest message that a gateway takes.
_UPDATE_BYTES = 4 << 20

Write = Callable[[pb.FromWorker], Awaitable[None]]


@dataclass(slots=True)
class _Waiting:
    """The latest delta of a choice that is not sent yet; `size` in bytes."""

    delta: pb.Delta
    size: int


class GatewaySession:
    """Collects news and sends what is there when the last write has returned.

    So an update carries one step while the gateway keeps up, and several when it does not; the
    deltas of a choice that wait are joined up to a size, and no queue grows with the number of
    steps. No event and no update is near the size that would end the session.
    """

    def __init__(self, number: int, gateway_id: str) -> None:
        self.number = number
        self.gateway_id = gateway_id
        self._events: list[pb.Event] = []
        self._waiting: dict[tuple[str, int], _Waiting] = {}
        self._residency: dict[str, bool] = {}  # digest -> whether it is in a slot now
        self._load = (0, 0)
        self._sent_load = (0, 0)
        self._step = 0
        self._draining = False
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def add(self, event: pb.Event) -> None:
        """Queue an event; it is sent with the next update."""
        for piece in pieces(event):
            if not self._join(piece):
                self._events.append(piece)
                self._wake()

    def tell_residency(self, digest: str, *, loaded: bool) -> None:
        self._residency[digest] = loaded
        self._wake()

    def tell_load(self, step: int, running: int, waiting: int) -> None:
        """The worker's load, for the next update; without events that is `send_load`'s."""
        self._step, self._load = step, (running, waiting)

    def send_load(self) -> None:
        """Send the load now if it has changed since it was last sent."""
        if self._load != self._sent_load:
            self._wake()

    def tell_draining(self) -> None:
        self._draining = True
        self._wake()

    async def flushed(self) -> None:
        """Return when all news so far has been written."""
        await self._idle.wait()

    async def run(self, write: Write) -> None:
        """Send until cancelled, or until `write` raises."""
        told_draining = False
        while True:
            if not self._news.is_set():
                self._idle.set()
            await self._news.wait()
            self._news.clear()
            if self._draining and not told_draining:
                told_draining = True
                await write(pb.FromWorker(draining=pb.Draining()))
            for update in self._take():
                await write(pb.FromWorker(update=update))

    def _join(self, event: pb.Event) -> bool:
        """Put a delta behind the one that waits; False if there is none with room for it."""
        if event.WhichOneof("kind") != "delta":
            return False
        key = event.request_id, event.delta.index
        size = event.ByteSize()
        waiting = self._waiting.get(key)
        if waiting is None or waiting.size + size > PIECE_BYTES:
            self._waiting[key] = _Waiting(event.delta, size)
            return False
        waiting.delta.text += event.delta.text
        waiting.delta.completion_tokens = event.delta.completion_tokens
        waiting.delta.logprobs.extend(event.delta.logprobs)
        waiting.size += size
        return True

    def _wake(self) -> None:
        self._idle.clear()
        self._news.set()

    def _take(self) -> list[pb.StepUpdate]:
        events, self._events = self._events, []
        residency, self._residency = self._residency, {}
        self._waiting = {}
        self._sent_load = self._load
        running, waiting = self._load
        updates = [pb.StepUpdate(step=self._step, running=running, waiting=waiting)]
        updates[0].loaded.extend(d for d, loaded in residency.items() if loaded)
        updates[0].evicted.extend(d for d, loaded in residency.items() if not loaded)
        size = 0
        for event in events:
            size += event.ByteSize()
            if size > _UPDATE_BYTES and updates[-1].events:
                updates.append(pb.StepUpdate(step=self._step, running=running, waiting=waiting))
                size = event.ByteSize()
            updates[-1].events.append(event)
        return updates
