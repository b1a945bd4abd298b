"""Which plan streams a weight fastest: `python tests/bench/stream.py [--json FILE]`.

For the projections of Llama-3.1-8B's shape over 1 and 16 rows: the plan that
`motet_kernels` chooses, its neighbours, and the library's product, each in a CUDA graph that goes
through weights of more bytes than any cache. Checks every plan's product before it is timed.
Compiles in as many processes as there are cores first: most of the time is the compiler's.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
import triton
from motet_kernels import settle
from motet_kernels._triton import stream
from motet_kernels._triton.plan import Plan, plan_of, share_out
from motet_kernels._triton.stream import project_triton
from motet_kernels.product import FEW_ROWS
from triton.backends.compiler import GPUTarget

SHAPES = {"qkv": (6144, 4096), "o": (4096, 4096), "gate_up": (28672, 4096), "down": (4096, 14336)}
ROWS = (1, 16)
SHARED = 226 * 1024


class Compiler:
    """A driver that compiles for Hopper into Triton's cache, and needs no device."""

    def __init__(self) -> None:
        self.utils = self
        self.target = GPUTarget("cuda", 90, 32)

    def get_current_target(self) -> Any:
        return self.target

    def get_current_device(self) -> int:
        return 0

    def get_current_stream(self, device: int) -> int:
        return 0

    def get_device_properties(self, device: int) -> dict[str, int]:
        return {"max_shared_mem": 1 << 30}

    def launcher_cls(self, source: Any, metadata: Any) -> Any:
        return lambda *args, **kwargs: None

    def load_binary(self, *args: Any) -> tuple[Any, ...]:
        return object(), object(), 0, 0, 1024


def candidates(outputs: int, inputs: int, units: int) -> Iterator[Plan]:
    """Plans of other splits, depths, and numbers of programs for each of the `units`."""
    seen = set()
    for splits, each, wide, ahead in product((1, 2, 4, 8), (1, 2, 3, 4), (1, 2), (1, 2)):
        if inputs < 512 * splits or (ahead > 1 and each != 2):
            continue
        plan = share_out(outputs, inputs, splits, each * units)
        block_k = plan.block_k * wide
        stage = 2 * block_k * (plan.block_n + FEW_ROWS)
        stages = min(7, (SHARED // each - 1024) // stage)
        if stages < 2 or block_k > 256 or plan.rows * (each * units) > 2 * outputs * splits:
            continue
        found = replace(
            plan, block_k=block_k, stages=stages, ahead=plan.ahead * ahead,
            chunk=triton.cdiv(triton.cdiv(inputs, splits), block_k) * block_k,
        )  # fmt: skip
        if found not in seen:
            seen.add(found)
            yield found


def compile_one(task: tuple[str, Plan]) -> None:
    name, plan = task
    triton.runtime.driver.set_active(Compiler())
    stream.plan_of = lambda *_: plan
    outputs, inputs = SHAPES[name]
    weight = torch.empty(outputs, inputs, dtype=torch.bfloat16, device="meta")
    project_triton(torch.empty(16, inputs, dtype=torch.bfloat16, device="meta"), weight)


def seconds(run: Callable[[torch.Tensor], object], weights: list[torch.Tensor]) -> float:
    """Of one product, the median of replays."""
    run(weights[0])
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for weight in weights:
            run(weight)
    times = []
    for _ in range(7):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        graph.replay()
        end.record()
        end.synchronize()
        times.append(1e-3 * start.elapsed_time(end) / len(weights))
    return statistics.median(times[2:])


def measure(name: str, tokens: int, plans: list[Plan]) -> list[dict[str, Any]]:
    outputs, inputs = SHAPES[name]
    count = max(2, -(-(600 << 20) // (2 * outputs * inputs)))
    weights = [torch.randn(outputs, inputs, device="cuda").to(torch.bfloat16) for _ in range(count)]
    x = torch.randn(tokens, inputs, device="cuda").to(torch.bfloat16)
    exact = x.float() @ weights[0].float().t()
    found = []
    for plan in plans:
        stream.plan_of = lambda *_, plan=plan: plan
        row: dict[str, Any] = {"shape": name, "rows": tokens, "chosen": plan == plans[0]}
        try:
            y = settle(project_triton(x, weights[0])).float()
            row["error"] = float((y - exact).norm() / exact.norm())
            assert row["error"] < 6e-3, row["error"]
            row["us"] = 1e6 * seconds(lambda w: project_triton(x, w), weights)
        except (RuntimeError, AssertionError, triton.runtime.errors.OutOfResources) as error:
            row["failed"] = str(error)[:80]
        found.append({**row, "plan": asdict(plan)})
    library = 1e6 * seconds(lambda w: F.linear(x, w), weights)
    found.append({"shape": name, "rows": tokens, "us": library, "plan": "library"})
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    units = torch.cuda.get_device_properties(0).multi_processor_count
    plans: dict[str, list[Plan]] = {}
    for name, (outputs, inputs) in SHAPES.items():
        chosen = plan_of(outputs, inputs, 2 * units)
        others = [plan for plan in candidates(outputs, inputs, units) if plan != chosen]
        plans[name] = [chosen, *others]
    tasks = [(name, plan) for name, all_ in plans.items() for plan in all_]
    start = time.monotonic()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        list(pool.map(compile_one, tasks, chunksize=4))
    print(f"{len(tasks)} plans compiled in {time.monotonic() - start:.0f} s", flush=True)
    results = []
    for (name, all_), tokens in product(plans.items(), ROWS):
        outputs, inputs = SHAPES[name]
        rows = measure(name, tokens, all_)
        results += rows
        timed = sorted((row for row in rows if "us" in row), key=lambda row: float(row["us"]))
        print(f"{name} over {tokens} rows, {len(rows) - len(timed)} failed", flush=True)
        for row in rows:
            if row in timed[:4] or row["plan"] == "library" or row.get("chosen"):
                speed = 2 * outputs * inputs / row["us"] / 1e6 if "us" in row else 0
                mark = "*" if row.get("chosen") else " "
                note = row.get("failed", "")
                print(f" {mark}{row.get('us', 0):8.2f} us {speed:5.2f} TB/s  {row['plan']} {note}")
        if options.json:
            options.json.write_text(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
