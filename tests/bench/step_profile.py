"""Where a decode step's time goes: `python tests/bench/step_profile.py SUITE.json [--case N]`.

Runs batch cases of a suite on a GPU and prints, per step, how often each kernel ran and for how
long, and the time in which none ran. Kernels that are launched early count from then on, while they
wait for the one before: such times overlap.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import torch
from motet_inference.bench.batch import requests_of
from motet_inference.bench.cases import BatchCase
from motet_inference.bench.rig import FilledSlots, build_engine, build_model
from motet_inference.bench.suite import Suite, load_suite
from motet_inference.models.llama import CausalLM
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

STEPS = 20


def kernels(model: CausalLM, suite: Suite, case: BatchCase) -> None:
    """Decode with all requests, and print what the device did meanwhile."""
    engine = build_engine(
        model,
        suite,
        requests=case.requests,
        context=case.prompt_tokens + case.output_tokens,
        slots=FilledSlots(model, case) if case.adapters else None,
    )
    for add in requests_of(case, model.config.vocab_size, 0):
        engine.add(add)
    output = engine.step()
    while output.num_tokens != len(output.tokens) or len(output.tokens) != case.requests:
        output = engine.step()
    for _ in range(8):
        engine.step()
    torch.cuda.synchronize()
    with profile(activities=[ProfilerActivity.CUDA]) as run:
        for _ in range(STEPS):
            engine.step()
        torch.cuda.synchronize()
    spans: list[tuple[float, float]] = []
    found: dict[str, list[float]] = defaultdict(list)
    for event in run.events():
        if event.device_type == DeviceType.CUDA:
            spans.append((event.time_range.start, event.time_range.end))
            found[event.name[:70]].append(event.time_range.end - event.time_range.start)
    spans.sort()
    busy, last = 0.0, spans[0][0]
    for start, end in spans:
        busy += max(0.0, end - max(start, last))
        last = max(last, end)
    whole = (last - spans[0][0]) / STEPS
    print(
        f"{case.title}: {whole:,.0f} us a step, {whole - busy / STEPS:,.0f} us of it nothing runs"
    )
    for name, times in sorted(found.items(), key=lambda item: -sum(item[1]))[:22]:
        count, total = len(times) / STEPS, sum(times) / STEPS
        print(f"{total:9.1f} us {count:7.1f} x {total / count:8.2f} us  {name}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite", type=Path)
    parser.add_argument("--case", type=int, action="append", help="its place in the suite, from 0")
    options = parser.parse_args()
    suite = load_suite(options.suite)
    model = build_model(suite)
    for place in options.case or range(len(suite.cases)):
        case = suite.cases[place]
        if isinstance(case, BatchCase):
            kernels(model, suite, case)
    return 0


if __name__ == "__main__":
    sys.exit(main())
