"""What every worker says of itself, asked no more often than once a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from motet_inference.rpc import worker_pb2 as pb
from motet_inference.rpc.client import WorkerClient, WorkerUnavailable

_FRESH_S = 1.0
_ANSWER_S = 2.0
# Where an adapter's weights can lie, the nearest to the next token first.
PLACES = ("gpu", "host", "disk")


@dataclass(frozen=True, slots=True)
class WorkerState:
    """One worker. `stats` is None where it did not answer; `base` is what it last said it serves
    ("" if it never spoke)."""

    target: str
    base: str
    ready: bool
    stats: pb.StatsReply | None

    @property
    def running(self) -> int:
        return self.stats.running if self.stats else 0

    @property
    def waiting(self) -> int:
        return self.stats.waiting if self.stats else 0

    @property
    def slots_total(self) -> int:
        return self.stats.slots_total if self.stats else 0

    @property
    def slots_used(self) -> int:
        return sum(a.state == "gpu" for a in self.stats.adapters) if self.stats else 0

    def place(self, digest: str) -> str | None:
        """Where this worker has an adapter: one of PLACES; None if it has to be pulled."""
        found = {a.state for a in self.stats.adapters if a.digest == digest} if self.stats else ()
        return next((place for place in PLACES if place in found), None)


class Survey:
    """Lives in the event loop of its workers' clients."""

    def __init__(self, workers: Sequence[WorkerClient]) -> None:
        self._workers = workers
        self._taken: tuple[float, list[WorkerState]] | None = None
        self._asking = asyncio.Lock()

    async def take(self) -> list[WorkerState]:
        """The state of every worker, a second old at most."""
        async with self._asking:
            now = time.monotonic()
            if self._taken is None or now - self._taken[0] > _FRESH_S:
                states = await asyncio.gather(*(_ask(worker) for worker in self._workers))
                self._taken = (now, list(states))
            return self._taken[1]


async def _ask(worker: WorkerClient) -> WorkerState:
    stats = None
    try:
        stats = await worker.stats(timeout=_ANSWER_S)
    except WorkerUnavailable:
        pass  # that is its state
    welcomed = worker.welcome.base_model if worker.welcome else ""
    return WorkerState(
        target=worker.target,
        base=stats.base_model if stats else welcomed,
        ready=worker.ready and stats is not None and stats.ready,
        stats=stats,
    )


def nearest(states: Sequence[WorkerState], digest: str) -> Mapping[str, object]:
    """The nearest place where any worker has the adapter, and how many have it on the GPU."""
    places = [place for state in states if (place := state.place(digest)) is not None]
    place = min(places, key=PLACES.index) if places else "remote"
    return {"place": place, "workers_on_gpu": places.count("gpu")}
