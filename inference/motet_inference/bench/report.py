"""Results for people and for programs."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import torch
from rich.table import Table

from motet_inference.bench.measure import Result
from motet_inference.bench.suite import Suite


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} threads"


def table(results: list[Result], *, title: str) -> Table:
    """A row a case."""
    shown = Table(title=title, title_justify="left")
    shown.add_column("case")
    for name in ("first token", "step", "10-90 %", "floor", "over floor", "decode", "whole"):
        shown.add_column(name, justify="right")
    for result in results:
        shown.add_row(
            result.case.title,
            f"{result.first_token_ms:,.1f} ms",
            f"{result.step_ms:,.2f} ms",
            f"{result.step_ms_10:,.2f}-{result.step_ms_90:,.2f}",
            f"{result.floor_ms:,.2f} ms",
            f"{result.over_floor:.2f}x",
            f"{result.decode_tokens_per_second:,.0f} tok/s",
            f"{result.tokens_per_second:,.0f} tok/s",
        )
    return shown


def write(path: Path, suite: Suite, results: list[Result], *, bandwidth: float) -> None:
    """Everything as JSON: the suite, where it ran, each result in full."""
    device = torch.device(suite.device)
    content = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": device_name(device),
        "torch": str(torch.__version__),
        "python": platform.python_version(),
        "bandwidth_bytes_per_second": bandwidth,
        "suite": suite,
        "results": results,
    }
    path.write_bytes(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
