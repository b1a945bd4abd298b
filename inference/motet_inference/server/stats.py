"""What a worker counts over its life."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Collection, Mapping

from motet_inference.engine.messages import StepOutput
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.server.wire import Tiers

_RECENT_STEPS = 2_048
_REMEMBERED_ADAPTERS = 8_192


class Stats:
    """Counters of steps and tokens, and where the adapters are."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._steps = 0
        self._steps_mixed = 0
        self._by_adapters: Counter[int] = Counter()
        self._prompt_tokens = self._cached_tokens = self._completion_tokens = 0
        self._preemptions = 0
        self._blocks_free: int | None = None
        self._seconds: deque[float] = deque(maxlen=_RECENT_STEPS)
        self._requests: Counter[str] = Counter()
        self.tiers = Tiers(gpu=[], host=[])
        self.running = 0
        self.waiting = 0

    def count_step(self, output: StepOutput) -> None:
        self.running, self.waiting = output.running, output.waiting
        self._blocks_free = output.blocks_free
        self._preemptions += output.preemptions
        if output.num_tokens:
            self._steps += 1
            self._steps_mixed += output.adapters > 1
            self._by_adapters[output.adapters] += 1
            self._seconds.append(output.seconds)

    def count_request(self, digest: str) -> None:
        if digest:
            self._requests[digest] += 1
        if len(self._requests) > 2 * _REMEMBERED_ADAPTERS:
            self._requests = Counter(dict(self._requests.most_common(_REMEMBERED_ADAPTERS)))

    def count_usage(self, usage: pb.Usage) -> None:
        self._prompt_tokens += usage.prompt_tokens
        self._cached_tokens += usage.cached_tokens
        self._completion_tokens += usage.completion_tokens

    def lose_core(self) -> None:
        """Whatever was in the core's memory is gone."""
        self.tiers = Tiers(gpu=[], host=[])
        self.running = self.waiting = 0
        self._blocks_free = None

    def reply(self, *, on_disk: Collection[str], pins: Mapping[str, int]) -> pb.StatsReply:
        """The counters; the caller adds what it alone knows."""
        return pb.StatsReply(
            uptime_s=time.monotonic() - self._started,
            steps=self._steps,
            steps_mixed=self._steps_mixed,
            steps_by_adapters=self._by_adapters,
            prompt_tokens=self._prompt_tokens,
            cached_tokens=self._cached_tokens,
            completion_tokens=self._completion_tokens,
            preemptions=self._preemptions,
            running=self.running,
            waiting=self.waiting,
            blocks_free=self._blocks_free,
            adapters=[
                pb.ResidentAdapter(
                    digest=digest, state=state, pins=pins.get(digest, 0),
                    requests=self._requests[digest],
                )
                for digest, state in self._states(on_disk).items()
            ],
            step_ms_p50=self._percentile(0.50),
            step_ms_p99=self._percentile(0.99),
        )  # fmt: skip

    def _states(self, on_disk: Collection[str]) -> dict[str, str]:
        """Each adapter's best place."""
        states = dict.fromkeys(on_disk, "disk")
        states.update(dict.fromkeys(self.tiers.host, "host"))
        states.update(dict.fromkeys(self.tiers.gpu, "gpu"))
        return states

    def _percentile(self, share: float) -> float:
        if not self._seconds:
            return 0.0
        ordered = sorted(self._seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]
