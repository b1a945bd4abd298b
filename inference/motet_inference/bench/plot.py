"""Throughput and step time against the batch, drawn with matplotlib."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from motet_inference.bench.results import BatchResult, Result

SUFFIXES = (".svg", ".png")


class PlotError(Exception):
    """There can be no plot; the message says why."""


def check_plot(path: Path) -> None:
    """Before an hour of measuring, not after it. Raises PlotError."""
    if path.suffix not in SUFFIXES:
        raise PlotError(f"--plot: {path} ends with neither {' nor '.join(SUFFIXES)}")
    if find_spec("matplotlib") is None:
        raise PlotError("--plot needs matplotlib: install motet[bench]")


def draw(path: Path, results: Sequence[Result], *, title: str) -> None:
    """A line for each number of adapters over the cases that differ in their requests alone, and a
    dashed one for its floor. Call `check_plot` first.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    lines = _lines(results)
    figure = Figure(figsize=(11, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    for (adapters, points), color in zip(lines.items(), _COLORS * len(lines), strict=False):
        batches = [p.case.requests for p in points]
        label = f"{adapters} adapter{'s' * (adapters > 1)}" if adapters else "base"
        for axes, figure_name in ((left, "decode_tokens_per_second"), (right, "step_ms")):
            measured = [getattr(p, figure_name) for p in points]
            floors = [p.floors[figure_name] for p in points]
            axes.plot(batches, measured, color=color, marker="o", label=label)
            axes.plot(batches, floors, color=color, linestyle="--", linewidth=1, alpha=0.6)
    left.set_ylabel("decode, tokens/s (dashed: what the memory allows)")
    right.set_ylabel("step, ms (dashed: what the memory allows)")
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        ticks = sorted({p.case.requests for points in lines.values() for p in points})
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.set_xlabel("requests in the batch")
        axes.grid(visible=True, which="major", alpha=0.3)
        if lines:
            axes.legend()
    left.set_yscale("log")
    left.yaxis.set_major_formatter("{x:,.0f}")
    right.set_ylim(bottom=0)
    figure.suptitle(title, fontsize=9)
    # Without a date and random names, the same figures give the same file.
    with rc_context({"svg.hashsalt": "motet"}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else {})


_COLORS = ("#1b1b1b", "#1f77b4", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2")


def _lines(results: Sequence[Result]) -> dict[int, list[BatchResult]]:
    """By adapters, ascending by requests: of the commonest prompt and output, rank and targets."""
    plain = [
        r
        for r in results
        if isinstance(r, BatchResult)
        and r.case.prefix_cache
        and not (r.case.slots_only or r.case.temperature)
    ]
    kinds: dict[object, list[BatchResult]] = defaultdict(list)
    for result in plain:
        case = result.case
        kinds[case.prompt_tokens, case.output_tokens, case.rank, case.targets].append(result)
    lines: dict[int, list[BatchResult]] = defaultdict(list)
    for result in max(kinds.values(), key=len, default=[]):
        lines[result.case.adapters].append(result)
    return {
        adapters: sorted(points, key=lambda p: p.case.requests)
        for adapters, points in sorted(lines.items())
    }
