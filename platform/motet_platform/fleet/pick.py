"""Which worker takes a request. Pure: a function of what the workers last told."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from motet_inference.rpc import worker_pb2 as pb

# A worker may carry this many times the mean load before affinity gives way.
SPREAD = 1.25
SLACK = 4


class Worker(Protocol):
    """What `pick` looks at; WorkerClient is one."""

    target: str
    welcome: pb.Welcome | None
    running: int
    waiting: int
    resident: set[str]

    @property
    def ready(self) -> bool: ...

    @property
    def inflight(self) -> int: ...


W = TypeVar("W", bound=Worker)


@dataclass(frozen=True, slots=True)
class Want:
    """What a request needs of a worker. `affinity` keeps a tenant's prefixes in one place."""

    base: str
    affinity: str
    digest: str | None = None
    rank: int = 0


def serves(worker: Worker, want: Want) -> bool:
    """Whether this worker, when it is ready, can run the request at all."""
    welcome = worker.welcome
    return (
        welcome is not None
        and welcome.base_model == want.base
        and want.rank <= welcome.max_rank
        and welcome.role in (pb.ROLE_UNIFIED, pb.ROLE_UNSPECIFIED)
    )


def load(worker: Worker) -> int:
    """Requests on the worker: its own word, or this gateway's count where that is fresher."""
    return max(worker.inflight, worker.running + worker.waiting)


def pick(want: Want, workers: Sequence[W], *, avoid: Collection[str] = ()) -> W | None:
    """The worker that holds the adapter, unless it is overloaded; else the first with room in
    this adapter's (or tenant's) own order of the workers, so that the next request goes there
    too. None when no worker that serves the base is ready.
    """
    able = [w for w in workers if w.ready and serves(w, want)]
    # A worker to avoid is still better than none: it may be the only one.
    able = [w for w in able if w.target not in avoid] or able
    if not able:
        return None
    loads = {w.target: load(w) for w in able}
    bound = SPREAD * sum(loads.values()) / len(able) + SLACK
    order = sorted(able, key=lambda w: _score(want.digest or want.affinity, w.target), reverse=True)
    if want.digest is not None:
        order.sort(key=lambda w: want.digest not in w.resident)
    for worker in order:
        if loads[worker.target] < bound:
            return worker
    return min(order, key=lambda w: loads[w.target])


def _score(key: str, target: str) -> bytes:
    return hashlib.blake2b(f"{key}\0{target}".encode(), digest_size=8).digest()
