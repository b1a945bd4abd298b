"""Results for people and for programs."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import torch
from rich.table import Table

from motet_inference.bench.cases import Case
from motet_inference.bench.floor import Speeds
from motet_inference.bench.results import (
    BatchResult,
    ColdResult,
    PeftResult,
    Result,
    TrafficResult,
)
from motet_inference.bench.suite import Suite, Target
from motet_inference.bench.verdicts import Verdict, judge


class LeftOut(msgspec.Struct, frozen=True):
    """A case without a result, and why."""

    case: Case
    why: str


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} threads"


def tables(suite: Suite, results: Sequence[Result], *, title: str) -> list[Table]:
    """One for each kind of case that was run, one of the verdicts."""
    shown = [
        _batches([r for r in results if isinstance(r, BatchResult)], title),
        _traffic([r for r in results if isinstance(r, TrafficResult)]),
        _cold([r for r in results if isinstance(r, ColdResult)]),
        _peers(results),
        _verdicts(judge(suite.targets, results)),
    ]
    return [table for table in shown if table.row_count]


def line(result: Result) -> str:
    """One case in one line."""
    match result:
        case TrafficResult():
            return f"{result.tokens_per_second:,.0f} tok/s, {result.gpu:.0%} found in a slot"
        case ColdResult():
            return f"{result.added_ms:,.1f} ms more than resident, disk {result.disk_ms:,.1f} ms"
        case _:
            return f"{result.step_ms:,.2f} ms a step, floor {result.floor_ms:,.2f}"


def write(
    path: Path,
    suite: Suite,
    results: Sequence[Result],
    left_out: Sequence[LeftOut],
    *,
    speeds: Speeds,
) -> None:
    """Everything as JSON: the suite, where it ran, each result in full, the verdicts."""
    device = torch.device(suite.device)
    content: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": device_name(device),
        "torch": str(torch.__version__),
        "python": platform.python_version(),
        "bandwidth_bytes_per_second": speeds.read,
        "operations_per_second": speeds.compute,
        "suite": suite,
        "results": [msgspec.to_builtins(r) | {"floors": r.floors} for r in results],
        "left_out": left_out,
        "verdicts": judge(suite.targets, results),
    }
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
    partial.replace(path)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(columns[0])
    for name in columns[1:]:
        table.add_column(name, justify="right")
    return table


def _batches(results: Sequence[BatchResult], title: str) -> Table:
    table = _table(
        title, "case", "first token", "step", "10-90 %", "floor", "over floor", "host gap",
        "decode", "whole",
    )  # fmt: skip
    for result in results:
        table.add_row(
            result.case.title,
            f"{result.first_token_ms:,.1f} ms",
            f"{result.step_ms:,.2f} ms",
            f"{result.step_ms_10:,.2f}-{result.step_ms_90:,.2f}",
            f"{result.floor_ms:,.2f} ms",
            f"{result.step_ms / result.floor_ms:.2f}x",
            "" if result.host_gap is None else f"{result.host_gap:.1%}",
            f"{result.decode_tokens_per_second:,.0f} tok/s",
            f"{result.tokens_per_second:,.0f} tok/s",
        )
    return table


def _traffic(results: Sequence[TrafficResult]) -> Table:
    table = _table(
        "Traffic", "case", "whole", "first token", "99 %", "step", "99 %", "in a slot", "in memory",
        "on disk", "adapters seen", "loads", "evictions",
    )  # fmt: skip
    for result in results:
        table.add_row(
            result.case.title,
            f"{result.tokens_per_second:,.0f} tok/s",
            f"{result.first_token_ms:,.1f} ms",
            f"{result.first_token_ms_99:,.1f} ms",
            f"{result.step_ms:,.2f} ms",
            f"{result.step_ms_99:,.2f} ms",
            *(f"{share:.1%}" for share in (result.gpu, result.host, result.disk)),
            *(f"{count:,}" for count in (result.distinct, result.loads, result.evictions)),
        )
    return table


def _cold(results: Sequence[ColdResult]) -> Table:
    table = _table(
        "Adapters on local disk", "case", "resident", "cold", "more", "disk alone",
        "from disk, alone and loading",
        "beyond disk", "others' step, 99 %", "while loading", "loads",
    )  # fmt: skip
    for result in results:
        table.add_row(
            result.case.title,
            f"{result.resident_ms:,.1f} ms",
            f"{result.cold_ms:,.1f} ms",
            f"{result.added_ms:,.1f} ms",
            f"{result.disk_ms:,.1f} ms",
            " and ".join(
                "not known" if share is None else f"{share:.0%}"
                for share in (result.from_disk, result.loaded_from_disk)
            ),
            f"{result.beyond_disk_ms:,.1f} ms",
            f"{result.step_ms_99_before:,.2f} ms",
            f"{result.step_ms_99_loading:,.2f} ms",
            f"{result.loads:,}",
        )
    return table


def _peers(results: Sequence[Result]) -> Table:
    """transformers and PEFT beside the engine's case of as many requests and adapters."""
    table = _table(
        "Beside transformers and PEFT", "case", "PEFT, a step", "PEFT", "engine, a step", "engine",
        "factor",
    )  # fmt: skip
    for result in results:
        if not isinstance(result, PeftResult):
            continue
        ours = next((r for r in results if isinstance(r, BatchResult) and _alike(r, result)), None)
        rate = result.decode_tokens_per_second
        table.add_row(
            result.case.title,
            f"{result.step_ms:,.1f} ms",
            f"{rate:,.1f} tok/s",
            f"{ours.step_ms:,.2f} ms" if ours else "",
            f"{ours.decode_tokens_per_second:,.0f} tok/s" if ours else "",
            f"{ours.decode_tokens_per_second / rate:,.1f}x" if ours else "",
        )
    return table


def _alike(ours: BatchResult, theirs: PeftResult) -> bool:
    same = ("requests", "adapters", "rank", "targets", "prompt_tokens")
    return not ours.case.slots_only and all(
        getattr(ours.case, name) == getattr(theirs.case, name) for name in same
    )


def _verdicts(verdicts: Sequence[Verdict]) -> Table:
    table = _table("Targets", "what", "target", "measured", "floor", "", "others")
    words = {True: "met", False: "missed", None: "not measured"}
    for verdict in verdicts:
        target = verdict.target
        bound, word = target.at_most, "at most"
        if bound is None:
            bound, word = target.at_least, "at least"
        table.add_row(
            target.row,
            f"{word} {_amount(target, bound)}",
            _amount(target, verdict.measured),
            _amount(target, verdict.floor),
            words[verdict.met],
            target.others,
        )
    return table


def _amount(target: Target, value: float | None) -> str:
    if value is None:
        return ""
    if target.over or target.figure == "moved":
        return f"{value:.3f}x"
    if target.figure.endswith("_ms"):
        return f"{value:,.2f} ms"
    if target.figure.endswith("tokens_per_second"):
        return f"{value:,.0f} tok/s"
    if target.figure == "host_gap":
        return f"{value:.1%}"
    return f"{value:,.3f}"
