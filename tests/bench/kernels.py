"""The kernels beside PyTorch and the roofline: python tests/bench/kernels.py [--json FILE]

Every operation of motet_kernels over Llama-3.1-8B's projections, heads and vocabulary (experts:
Qwen3-30B-A3B's), in decode steps of 1, 16, 64 and 256 rows and prompts of 2,048 and 8,192. Each is
checked against its twin first. Then it is recorded in a CUDA graph over sets of inputs that no
cache holds together, and the graph is replayed; so is what PyTorch has for it, or else the twin is
launched as it is. The floor is the larger of bytes over the bandwidth and operations over the
speed of a large product, both measured in the same run.

`--tiny` runs the twins alone, on small shapes on the CPU: a test of this program.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import torch
from kernel_cases import LLAMA_8B, TINY, Case, Entry, entries
from motet_inference.bench.clock import Deadline, wait
from motet_inference.bench.floor import Speeds
from motet_inference.bench.report import device_name
from motet_kernels import Product
from motet_kernels.testing import assert_close
from rich.console import Console
from rich.table import Table
from torch import Tensor

CACHE_BYTES = 256 << 20  # several times the second-level cache of any device
MOST_SETS = 48
REPLAYS = 15


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """Microseconds of one call. `library` is of the twin where `graph` is false."""

    op: str
    what: str
    rows: int
    kernel: float
    library: float
    graph: bool
    floor: float


def measure(entry: Entry, speeds: Speeds, device: torch.device) -> Figure:
    """Raises AssertionError where the kernel and its twin differ."""
    first = entry.make()
    check(first)
    count = 1 if device.type == "cpu" else min(MOST_SETS, -(-CACHE_BYTES // first.bytes))
    cases = [first, *(entry.make() for _ in range(count - 1))]
    graph = first.library is not None
    libraries = [case.library or case.twin for case in cases]
    return Figure(
        op=entry.op,
        what=entry.what,
        rows=entry.rows,
        kernel=1e6 * seconds([case.kernel for case in cases], device, graph=True),
        library=1e6 * seconds(libraries, device, graph=graph),
        graph=graph,
        floor=1e6 * max(first.bytes / speeds.read, first.operations / speeds.compute),
    )


def check(case: Case) -> None:
    """The twin goes first: the kernel may add to its inputs."""
    wanted = [tensor.clone() for tensor in plain(case.twin())]
    for actual, expected in zip(plain(case.kernel()), wanted, strict=True):
        if actual.dtype == torch.float8_e4m3fn:
            assert torch.equal(actual.view(torch.uint8), expected.view(torch.uint8))
        elif actual.is_floating_point():
            assert_close(actual, expected)
        else:
            assert torch.equal(actual, expected)


def plain(result: Any) -> list[Tensor]:
    """An operation's results, rounded as whoever reads them next would."""
    if isinstance(result, Product):
        return [result.dense().to(result.dtype)]
    return list(result) if isinstance(result, tuple) else [result]


def seconds(runs: Sequence[Callable[[], Any]], device: torch.device, *, graph: bool) -> float:
    """Of one call, the median over passes through all of them."""

    def through() -> None:
        for run in runs:
            run()

    through()
    wait(device)
    if device.type == "cuda" and graph:
        recorded = torch.cuda.CUDAGraph()
        with torch.cuda.graph(recorded):
            through()
        passes: Callable[[], None] = recorded.replay
    else:
        passes = through
    times = [_once(passes, device) for _ in range(REPLAYS)]
    return statistics.median(times[2:]) / len(runs)


def _once(passes: Callable[[], None], device: torch.device) -> float:
    if device.type != "cuda":
        begin = time.perf_counter()
        passes()
        return time.perf_counter() - begin
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    passes()
    end.record()
    end.synchronize()
    return 1e-3 * start.elapsed_time(end)


def table(figures: Sequence[Figure], title: str) -> Table:
    shown = Table(title=title, title_justify="left")
    for name in ("operation", "on"):
        shown.add_column(name)
    for name in ("rows", "us", "floor, us", "over floor", "PyTorch, us", "times PyTorch"):
        shown.add_column(name, justify="right")
    for f in figures:
        shown.add_row(
            f.op,
            f.what,
            f"{f.rows:,}",
            f"{f.kernel:,.1f}",
            f"{f.floor:,.1f}",
            f"{f.kernel / f.floor:,.2f}x",
            f"{f.library:,.1f}{'' if f.graph else ' (twin)'}",
            f"{f.library / f.kernel:,.2f}x",
        )
    return shown


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 1 if a kernel failed or differs from its twin."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tiny", action="store_true", help="the twins, small, on the CPU")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", default="", help="operations whose name contains this")
    parser.add_argument("--seconds", type=float, help="stop after so much time")
    options = parser.parse_args(arguments)
    deadline = Deadline(options.seconds)
    device = torch.device("cpu" if options.tiny else "cuda")
    dtype = torch.float32 if options.tiny else torch.bfloat16
    shape = TINY if options.tiny else LLAMA_8B
    console = Console()
    if not console.is_terminal:
        console.width = 140
    torch.manual_seed(0)
    speeds = Speeds.of(device, dtype)
    chosen = [e for e in entries(shape, dtype, device) if options.only in e.op]
    figures: list[Figure] = []
    failed: list[str] = []
    for entry in chosen:
        name = f"{entry.op}, {entry.what}, {entry.rows} rows"
        if deadline.left <= 0:
            failed.append(f"{name}: no time")
            continue
        try:
            figures.append(measure(entry, speeds, device))
        except Exception as error:  # the others are worth having
            failed.append(f"{name}: {type(error).__name__}: {error}")
        if device.type == "cuda":
            torch.cuda.empty_cache()
        if options.json:
            content = {"device": device_name(device), "speeds": speeds, "figures": figures}
            options.json.write_bytes(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
    title = f"{device_name(device)}, {dtype}, reads {speeds.read / 1e9:,.0f} GB/s"
    console.print(table(figures, title))
    for line in failed:
        console.print(line, style="red", markup=False)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
