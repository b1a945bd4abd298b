"""A traffic case: streams over more adapters than there are slots."""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from pathlib import Path

from motet_inference.adapters.slots import AdapterSlots
from motet_inference.bench.cases import TrafficCase
from motet_inference.bench.clock import Deadline
from motet_inference.bench.library import make_library
from motet_inference.bench.results import TrafficResult, percentile
from motet_inference.bench.rig import build_engine
from motet_inference.bench.suite import Suite
from motet_inference.engine.engine import Engine
from motet_inference.engine.messages import AdapterRef, Add, Sampling, StepOutput
from motet_inference.models.llama import CausalLM

# As the worker's core: how long to wait where everything hangs on an adapter that is loading.
PAUSE_S = 0.002


def run_traffic(
    model: CausalLM, suite: Suite, case: TrafficCase, folder: Path, deadline: Deadline
) -> TrafficResult:
    """Raises RuntimeError where a request is refused, OutOfTime, and what `make_library` raises."""
    refs = make_library(
        folder,
        model.config,
        count=case.adapters,
        rank=case.rank,
        targets=case.targets,
        weight_files=case.weight_files,
        deadline=deadline,
    )
    slots = AdapterSlots(
        model.config,
        num_slots=case.slots,
        max_rank=case.rank,
        dtype=model.dtype,
        device=model.device,
        host_bytes=case.host_cache_mb << 20,
        keep=True,
    )
    try:
        engine = build_engine(
            model,
            suite,
            requests=case.streams,
            context=case.prompt_tokens + case.output_tokens,
            slots=slots,
        )
        fill(slots, refs[: case.slots], deadline)
        return _Traffic(engine, slots, case, refs, deadline).run()
    finally:
        slots.close()


def fill(slots: AdapterSlots, refs: list[AdapterRef], deadline: Deadline) -> None:
    """Bring these adapters into slots, the first the most recently used. Raises OutOfTime, and
    AdapterError for one that cannot be loaded.
    """
    for ref in reversed(refs):
        while (slot := slots.acquire(ref)) is None:
            deadline.check()
            time.sleep(PAUSE_S)
        slots.release(slot)


class _Traffic:
    """A closed loop. The first round of requests, one of each stream, is not counted."""

    def __init__(
        self,
        engine: Engine,
        slots: AdapterSlots,
        case: TrafficCase,
        refs: list[AdapterRef],
        deadline: Deadline,
    ) -> None:
        self._engine, self._slots, self._case, self._refs = engine, slots, case, refs
        self._deadline = deadline
        self._draw = random.Random(0)
        self._popularity = [1 / (i + 1) ** case.exponent for i in range(len(refs))]
        self._sent = 0
        self._sent_at: dict[str, float] = {}
        self._ended = 0
        self._forget()

    def run(self) -> TrafficResult:
        for _ in range(self._case.streams):
            self._send()
        self._until(self._case.streams)
        self._forget()
        begin = time.perf_counter()
        self._until(self._case.requests)
        seconds = time.perf_counter() - begin
        arrived = sum(self._tiers.values())
        return TrafficResult(
            case=self._case,
            tokens_per_second=self._tokens / seconds,
            requests_per_second=self._ended / seconds,
            first_token_ms=statistics.median(self._firsts),
            first_token_ms_99=percentile(self._firsts, 0.99),
            step_ms=statistics.median(self._steps),
            step_ms_99=percentile(self._steps, 0.99),
            running=statistics.mean(self._running),
            **{tier: self._tiers[tier] / arrived for tier in ("gpu", "host", "disk")},
            distinct=len(self._asked),
            loads=self._loads,
            evictions=self._evictions,
            requests=self._ended,
            seconds=seconds,
        )

    def _forget(self) -> None:
        """Count from here."""
        self._tokens = self._loads = self._evictions = self._ended = 0
        self._firsts: list[float] = []
        self._steps: list[float] = []
        self._running: list[int] = []
        self._tiers: Counter[str] = Counter()
        self._asked: set[str] = set()

    def _until(self, requests: int) -> None:
        while self._ended < requests:
            self._deadline.check()
            begin = time.perf_counter()
            output = self._engine.step()
            now = time.perf_counter()
            self._take(output, now)
            if output.num_tokens:
                self._steps.append(1e3 * (now - begin))
                self._running.append(output.running)
            else:
                time.sleep(PAUSE_S)  # all wait for adapters

    def _take(self, output: StepOutput, now: float) -> None:
        if output.refused:
            raise RuntimeError(f"{self._case.title}: {output.refused[0].message}")
        self._tokens += len(output.tokens)
        self._loads += len(output.loaded)
        self._evictions += len(output.evicted)
        for token in output.tokens:
            if sent := self._sent_at.pop(token.request_id, None):
                self._firsts.append(1e3 * (now - sent))
        for _ in output.ended:
            self._ended += 1
            self._send()

    def _send(self) -> None:
        ref = self._draw.choices(self._refs, self._popularity)[0]
        vocabulary = self._engine.model.config.vocab_size
        prompt = [self._draw.randrange(vocabulary) for _ in range(self._case.prompt_tokens)]
        resident, on_host = self._slots.tiers()
        tier = "gpu" if ref.digest in resident else "host" if ref.digest in on_host else "disk"
        self._tiers[tier] += 1
        self._asked.add(ref.digest)
        self._sent += 1
        self._sent_at[str(self._sent)] = time.perf_counter()
        self._engine.add(
            Add(
                request_id=str(self._sent),
                account=ref.digest,
                salt=b"",
                prompt=prompt,
                prompt_budget=len(prompt),
                output_budget=self._case.output_tokens,
                sampling=Sampling(
                    temperature=0, max_tokens=self._case.output_tokens, ignore_eos=True
                ),
                adapter=ref,
            )
        )
