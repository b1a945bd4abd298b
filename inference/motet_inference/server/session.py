"""One gateway's session: what waits to be sent to it, and how it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from motet_inference.rpc import worker_pb2 as pb

# An update larger than this is cut in two, well under the largest message that a gateway takes.
_UPDATE_BYTES = 4 << 20

Write = Callable[[pb.FromWorker], Awaitable[None]]


class GatewaySession:
    """Collects news and sends what is there when the last write has returned.

    So an update carries one step while the gateway keeps up, and several when it does not; the
    deltas of a choice that wait are joined, and no queue grows with the number of steps.
    """

    def __init__(self, number: int, gateway_id: str) -> None:
        self.number = number
        self.gateway_id = gateway_id
        self._events: list[pb.Event] = []
        self._deltas: dict[tuple[str, int], pb.Delta] = {}
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
        if event.WhichOneof("kind") == "delta":
            key = event.request_id, event.delta.index
            if (waiting := self._deltas.get(key)) is not None:
                waiting.text += event.delta.text
                waiting.completion_tokens = event.delta.completion_tokens
                waiting.logprobs.extend(event.delta.logprobs)
                return
            self._deltas[key] = event.delta
        self._events.append(event)
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

    def _wake(self) -> None:
        self._idle.clear()
        self._news.set()

    def _take(self) -> list[pb.StepUpdate]:
        events, self._events = self._events, []
        residency, self._residency = self._residency, {}
        self._deltas = {}
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
