"""A suite is bounded in time, and what one case does the others do not feel."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from motet_inference.bench import session
from motet_inference.bench.__main__ import main
from motet_inference.bench.clock import Deadline, OutOfTime, ReplayTimer
from motet_inference.engine.engine import Engine
from motet_inference.engine.testing import add, drive, small_engine, small_model
from torch import device

SMALL = {"requests": 2, "prompt_tokens": 6, "output_tokens": 4}
Run = Callable[..., dict[str, Any]]
MakeSuite = Callable[..., Path]


def test_the_others_go_on_when_a_case_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> None:
        raise AssertionError("out of order")

    monkeypatch.setattr(session, "run_traffic", broken)
    traffic = {"kind": "traffic", "streams": 1, "adapters": 1, "slots": 1, "requests": 1}
    out = run([traffic, {**SMALL, "prompt_tokens": 5000}, SMALL], status=1)
    assert [r["case"]["kind"] for r in out["results"]] == ["batch"]
    whys = [left["why"] for left in out["left_out"]]
    assert whys[0] == "AssertionError: out of order" and "max_context" in whys[1]


def test_what_does_not_fit_the_time_is_named(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([5.0, 1.0, 0.0])
    monkeypatch.setattr(session.Session, "_check_time", lambda self, case: _left(next(times)))
    out = run([SMALL, {**SMALL, "name": "second"}, {**SMALL, "name": "third"}], "--seconds", "600")
    assert [left["case"]["name"] for left in out["left_out"]] == ["third"]
    assert "third: no time" in capsys.readouterr().out


def _left(seconds: float) -> None:
    if not seconds:
        raise OutOfTime("no time")


def test_a_suite_without_time_measures_nothing_and_says_so(run: Run) -> None:
    target = {"row": "r", "case": "one", "figure": "step_ms", "at_most": 1}
    out = run([{**SMALL, "name": "one"}], "--seconds", "0", targets=[target])
    assert out["results"] == [] and "no time" in out["left_out"][0]["why"]
    assert out["verdicts"][0]["met"] is None


def test_a_case_needs_as_long_as_the_longest_of_its_kind(make_suite: MakeSuite) -> None:
    clock = Deadline(100_000)
    suite = session.Session(_suite(make_suite), [], deadline=clock, folder=None)
    case = _suite(make_suite).cases[0]
    suite._longest[type(case)] = 1.0
    suite._check_time(case)
    suite._longest[type(case)] = 100_001.0
    with pytest.raises(OutOfTime, match="no time"):
        suite._check_time(case)


def _suite(make_suite: MakeSuite) -> Any:
    from motet_inference.bench.suite import load_suite

    return load_suite(make_suite([SMALL]))


def test_results_are_on_disk_after_each_case(
    make_suite: MakeSuite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    real = session.run_batch

    def looking(*args: Any) -> Any:
        out = tmp_path / "out.json"
        seen.append(len(json.loads(out.read_text())["results"]) if out.exists() else None)
        return real(*args)

    monkeypatch.setattr(session, "run_batch", looking)
    path = make_suite([SMALL, {**SMALL, "requests": 1}, {**SMALL, "requests": 3}])
    assert main([str(path), "--json", str(tmp_path / "out.json")]) == 0
    assert seen == [None, 1, 2]


def test_only_some_cases(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    cases = [{**SMALL, "name": "this"}, {**SMALL, "name": "that"}]
    assert len(run(cases, "--only", "that")["results"]) == 1
    with pytest.raises(AssertionError):
        run(cases, "--only", "neither")
    assert "neither" in capsys.readouterr().err


def test_a_deadline() -> None:
    Deadline().check()
    Deadline(60).check()
    with pytest.raises(OutOfTime):
        Deadline(0).check()


def test_a_watch_sees_the_steps_of_its_size() -> None:
    timer = ReplayTimer(2, device("cpu"))
    config = replace(small_engine().config, fixed_decode=True)
    engine = Engine(small_model(), config, watch=timer)
    drive(engine, [add(str(i), [1 + i, 2, 3], options={"max_tokens": 6}) for i in range(2)])
    # The first token comes with the prompt; of the last one there is no step more.
    assert len(timer.take()) == 5
    assert timer.take() == []
    drive(engine, [add("alone", [1, 2, 3], options={"max_tokens": 6})])
    assert timer.take() == []
