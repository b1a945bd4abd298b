"""A cold case: what an adapter on local disk costs its own request, and the others."""

from __future__ import annotations

import os
import random
import statistics
import time
from itertools import cycle
from pathlib import Path

import torch

from motet_inference.adapters.files import WEIGHTS_FILE
from motet_inference.adapters.slots import AdapterSlots
from motet_inference.bench.cases import ColdCase
from motet_inference.bench.clock import Deadline, wait
from motet_inference.bench.library import make_library
from motet_inference.bench.results import ColdResult, percentile
from motet_inference.bench.rig import build_engine
from motet_inference.bench.suite import Suite
from motet_inference.bench.traffic import PAUSE_S, fill
from motet_inference.engine.engine import Engine
from motet_inference.engine.messages import AdapterRef, Add, Sampling
from motet_inference.models.llama import CausalLM

# Adapters that take turns: with one slot and room for one in host memory, each is cold on its turn.
# After its first it is on disk in slot layout too, as it would be in a worker.
_COLD = 3
_BEFORE_STEPS = 200
_CHUNK = 8 << 20
_COPIES = 5
_PROBE_TOKENS = 2


def run_cold(
    model: CausalLM, suite: Suite, case: ColdCase, folder: Path, deadline: Deadline
) -> ColdResult:
    """Raises RuntimeError where a request is refused or nothing was measured, OutOfTime, and what
    `make_library` raises.
    """
    refs = make_library(
        folder,
        model.config,
        count=_COLD + case.adapters,
        rank=case.rank,
        targets=case.targets,
        weight_files=max(_COLD, case.weight_files),
        deadline=deadline,
    )
    slots = AdapterSlots(
        model.config,
        num_slots=case.adapters + 1,
        max_rank=case.rank,
        dtype=model.dtype,
        device=model.device,
        host_bytes=_bytes_of_one(refs[0]),
        keep=True,
    )
    try:
        engine = build_engine(
            model,
            suite,
            requests=case.streams + 1,
            context=case.prompt_tokens + case.output_tokens,
            slots=slots,
        )
        fill(slots, refs[_COLD:], deadline)
        return _Cold(engine, case, refs, deadline).run()
    finally:
        slots.close()


def _bytes_of_one(ref: AdapterRef) -> int:
    """Room for one adapter in host memory, and for no other beside it."""
    return (Path(ref.path) / WEIGHTS_FILE).stat().st_size + (1 << 12)


class _Cold:
    """Streams that decode all the time, and probes beside them."""

    def __init__(
        self, engine: Engine, case: ColdCase, refs: list[AdapterRef], deadline: Deadline
    ) -> None:
        self._engine, self._case, self._deadline = engine, case, deadline
        self._refs = refs
        self._draw = random.Random(0)
        self._left = case.output_tokens  # steps that the others can still take
        self._count = 0

    def run(self) -> ColdResult:
        refs, resident = self._refs[:_COLD], self._refs[_COLD:]
        reads = [_read(ref) for ref in refs for _ in range(2)]
        for i in range(self._case.streams):
            self._add(resident[i % len(resident)], self._case.output_tokens)
        self._settle()
        before = [self._step()[0] for _ in range(min(_BEFORE_STEPS, self._case.output_tokens // 4))]
        colds: list[float] = []
        warms: list[float] = []
        loading: list[float] = []
        shares: list[float | None] = []
        needed = 0
        for _, ref in zip(range(self._case.loads), cycle(refs), strict=False):
            if self._left < 2 * needed + 16:
                break
            left = self._left
            _drop(ref)
            before_load = _bytes_from_disk()
            first, steps = self._probe(ref)
            shares.append(_share(ref, before_load))
            colds.append(first)
            loading += steps
            warms.append(self._probe(ref)[0])
            needed = max(needed, left - self._left)
        if not colds or not loading:
            raise RuntimeError(f"{self._case.title}: nothing was measured; ask for more output")
        return self._result(colds, warms, before, loading, reads, shares)

    def _result(
        self,
        colds: list[float],
        warms: list[float],
        before: list[float],
        loading: list[float],
        reads: list[tuple[float, float | None]],
        shares: list[float | None],
    ) -> ColdResult:
        added = statistics.median(c - w for c, w in zip(colds, warms, strict=True))
        disk = statistics.median(ms for ms, _ in reads)
        size = (Path(self._refs[0].path) / WEIGHTS_FILE).stat().st_size
        tail = percentile(before, 0.99)
        return ColdResult(
            case=self._case,
            cold_ms=statistics.median(colds),
            resident_ms=statistics.median(warms),
            added_ms=added,
            disk_ms=disk,
            from_disk=_median([share for _, share in reads]),
            loaded_from_disk=_median(shares),
            beyond_disk_ms=added - disk,
            copy_ms=_copy_ms(size, self._engine.model.device),
            step_ms_before=statistics.median(before),
            step_ms_99_before=tail,
            step_ms_loading=statistics.median(loading),
            step_ms_99_loading=percentile(loading, 0.99),
            moved=percentile(loading, 0.99) / tail,
            loading_steps=len(loading),
            adapter_bytes=size,
            loads=len(colds),
        )

    def _settle(self) -> None:
        """Until all streams decode, and a step launched ahead is one of theirs."""
        alone = 0
        while alone < 4:
            _, tokens, names, _ = self._step()
            alone += tokens == len(names) == self._case.streams

    def _probe(self, ref: AdapterRef) -> tuple[float, list[float]]:
        """A request's first token, in ms from its arrival, and the steps while its adapter loaded:
        those that decode all the streams and nothing else.
        """
        begin = time.perf_counter()
        name = self._add(ref, _PROBE_TOKENS)
        first: float | None = None
        steps: list[float] = []
        while True:
            ms, tokens, names, ended = self._step()
            if name in names and first is None:
                first = 1e3 * (time.perf_counter() - begin)
            if first is None and tokens == len(names) == self._case.streams:
                steps.append(ms)
            if name in ended:
                assert first is not None
                self._step()  # the last that was launched with the probe in it
                return first, steps

    def _step(self) -> tuple[float, int, set[str], set[str]]:
        """Milliseconds, tokens through the model, who got one, who ended."""
        self._deadline.check()
        begin = time.perf_counter()
        output = self._engine.step()
        ms = 1e3 * (time.perf_counter() - begin)
        if output.refused:
            raise RuntimeError(f"{self._case.title}: {output.refused[0].message}")
        if not output.num_tokens:
            time.sleep(PAUSE_S)
        self._left -= 1
        names = {token.request_id for token in output.tokens}
        return ms, output.num_tokens, names, {ended.request_id for ended in output.ended}

    def _add(self, ref: AdapterRef, output_tokens: int) -> str:
        self._count += 1
        name = str(self._count)
        vocabulary = self._engine.model.config.vocab_size
        prompt = [self._draw.randrange(vocabulary) for _ in range(self._case.prompt_tokens)]
        self._engine.add(
            Add(
                request_id=name,
                account=name,
                salt=b"",
                prompt=prompt,
                prompt_budget=len(prompt),
                output_budget=output_tokens,
                sampling=Sampling(temperature=0, max_tokens=output_tokens, ignore_eos=True),
                adapter=ref,
            )
        )
        return name


def _drop(ref: AdapterRef) -> None:
    """Out of the page cache; what is not on disk yet is written first."""
    for path in Path(ref.path).iterdir():
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def _read(ref: AdapterRef) -> tuple[float, float | None]:
    """Milliseconds of reading the weights once, and the share that came from the device."""
    _drop(ref)
    buffer = bytearray(_CHUNK)
    path = Path(ref.path) / WEIGHTS_FILE
    before = _bytes_from_disk()
    begin = time.perf_counter()
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass
    ms = 1e3 * (time.perf_counter() - begin)
    return ms, _share(ref, before)


def _share(ref: AdapterRef, before: int | None) -> float | None:
    """Of the weights, what was read from the device since."""
    after = _bytes_from_disk()
    if before is None or after is None:
        return None
    return min(1.0, (after - before) / (Path(ref.path) / WEIGHTS_FILE).stat().st_size)


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def _bytes_from_disk() -> int | None:
    """By this process, so far; None where the kernel does not say."""
    try:
        lines = Path("/proc/self/io").read_text().splitlines()
    except OSError:
        return None
    return int(dict(line.split(": ") for line in lines)["read_bytes"])


def _copy_ms(size: int, device: torch.device) -> float:
    """From the host to the device; nothing where they are one."""
    if device.type != "cuda":
        return 0.0
    host = torch.empty(size, dtype=torch.uint8, pin_memory=True)
    times = []
    for _ in range(_COPIES):
        wait(device)
        begin = time.perf_counter()
        host.to(device, non_blocking=True)
        wait(device)
        times.append(1e3 * (time.perf_counter() - begin))
    return statistics.median(times)
