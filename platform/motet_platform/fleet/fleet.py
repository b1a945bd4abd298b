"""The sessions of this gateway with its workers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from motet_inference.rpc.client import WorkerClient

from motet_platform.errors import Unavailable
from motet_platform.fleet.pick import Want, pick, serves
from motet_platform.fleet.survey import Survey

log = logging.getLogger(__name__)

_POLL_S = 0.05


class Fleet:
    """One WorkerClient per configured address, from `start` to `close`."""

    def __init__(self, targets: Sequence[str], *, gateway_id: str) -> None:
        self.workers = [WorkerClient(target, gateway_id=gateway_id) for target in targets]
        self.survey = Survey(self.workers)

    async def start(self) -> None:
        """Begin connecting to every worker; returns at once."""
        if not self.workers:
            log.warning("MOTET_WORKERS is empty: every inference request will be answered 503")
        for worker in self.workers:
            await worker.start()

    async def close(self) -> None:
        """End every session."""
        await asyncio.gather(*(worker.close() for worker in self.workers))

    @property
    def ready(self) -> int:
        """How many workers take requests now."""
        return sum(worker.ready for worker in self.workers)

    def pick(self, want: Want, *, avoid: Sequence[str] = ()) -> WorkerClient:
        """The worker for a request. Raises Unavailable (503, with retry-after)."""
        worker = pick(want, self.workers, avoid=avoid)
        if worker is not None:
            return worker
        known = any(serves(w, want) for w in self.workers)
        raise Unavailable(
            f"No worker for `{want.base}` is ready right now. Please retry.",
            code="no_worker_ready" if known else "model_not_served",
            retry_after=2 if known else 10,
        )

    async def pick_within(
        self, want: Want, *, wait_s: float, avoid: Sequence[str] = ()
    ) -> WorkerClient:
        """Like `pick`, but waits for a worker to come (back). Raises Unavailable."""
        deadline = asyncio.get_running_loop().time() + wait_s
        while True:
            try:
                return self.pick(want, avoid=avoid)
            except Unavailable:
                if asyncio.get_running_loop().time() >= deadline:
                    raise
            await asyncio.sleep(_POLL_S)
