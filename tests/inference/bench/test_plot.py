"""The plot, where matplotlib is there; a clear word before anything is measured, where not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from motet_inference.bench import plot
from motet_inference.bench.__main__ import main

MakeSuite = Callable[..., Path]
SMALL = {"requests": 2, "prompt_tokens": 6, "output_tokens": 4}


@pytest.mark.parametrize("name", ["out.svg", "out.png"])
def test_a_plot_is_drawn(make_suite: MakeSuite, tmp_path: Path, name: str) -> None:
    cases = [{**SMALL, "requests": n, "adapters": a, "rank": 2} for n in (1, 4) for a in (0, 1)]
    assert main([str(make_suite(cases)), "--plot", str(tmp_path / name)]) == 0
    content = (tmp_path / name).read_bytes()
    assert content.startswith(b"\x89PNG" if name.endswith("png") else b"<?xml")


def test_equal_figures_give_equal_files(tmp_path: Path, make_result: Callable[..., Any]) -> None:
    for name in ("one.svg", "two.svg"):
        plot.draw(tmp_path / name, [make_result("x", 2.0)], title="t")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_lines_are_by_adapters_over_cases_that_differ_in_requests(
    make_result: Callable[..., Any],
) -> None:
    def of(requests: int, adapters: int, **fields: object) -> plot.BatchResult:
        case = msgspec.structs.replace(
            make_result("x", 1).case, requests=requests, adapters=adapters, **fields
        )
        return msgspec.structs.replace(make_result("x", 1), case=case)

    results = [of(16, 1), of(1, 0), of(1, 1), of(4, 0, prompt_tokens=9), of(4, 4, slots_only=True)]
    lines = plot._lines(results)
    assert {a: [r.case.requests for r in points] for a, points in lines.items()} == {
        0: [1],
        1: [1, 16],
    }


def test_without_matplotlib_nothing_is_measured(
    make_suite: MakeSuite, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(plot, "find_spec", lambda name: None)
    assert main([str(make_suite([SMALL])), "--plot", "out.svg"]) == 1
    assert "motet[bench]" in capsys.readouterr().err


def test_a_plot_of_another_kind_is_refused(
    make_suite: MakeSuite, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(make_suite([SMALL])), "--plot", "out.pdf"]) == 1
    assert ".svg" in capsys.readouterr().err
