"""Targets: read strictly, and judged by what was measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from motet_inference.bench.suite import SuiteError, Target, load_suite
from motet_inference.bench.verdicts import judge

MakeSuite = Callable[..., Path]
CASES: list[dict[str, Any]] = [{"requests": 1, "name": "one"}, {"requests": 2, "name": "two"}]
GOOD = {"row": "r", "case": "one", "figure": "step_ms", "at_most": 1}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"case": "three"}, "three"),
        ({"over": "three"}, "three"),
        ({"figure": "speed"}, "no figure 'speed'"),
        ({"figure": "case"}, "no figure 'case'"),
        ({"at_least": 1}, "at_most or at_least"),
        ({"at_most": None}, "at_most or at_least"),
        ({"given": "q"}, "no row 'q'"),
        ({"figures": 1}, "figures"),
    ],
)
def test_bad_targets(make_suite: MakeSuite, change: dict[str, Any], where: str) -> None:
    assert load_suite(make_suite(CASES, targets=[GOOD])).targets
    with pytest.raises(SuiteError, match=where):
        load_suite(make_suite(CASES, targets=[{**GOOD, **change}]))


def test_a_target_needs_a_name_of_its_own(make_suite: MakeSuite) -> None:
    with pytest.raises(SuiteError, match="2 cases are called 'one'"):
        load_suite(make_suite([CASES[0], CASES[0]], targets=[GOOD]))


def target(row: str, case: str, figure: str = "step_ms", **fields: Any) -> Target:
    return Target(row=row, case=case, figure=figure, **fields)


def test_verdicts(make_result: Callable[..., Any]) -> None:
    targets = [
        target("fast", "one", at_most=2),
        target("slow", "two", at_most=2),
        target("rate", "one", "decode_tokens_per_second", at_least=2000),
        target("ratio", "two", over="one", at_most=1.5),
        target("fine", "one", at_most=2, given="fast"),
        target("beside", "one", at_most=2, given="slow"),
        target("beside nothing", "one", at_most=2, given="absent"),
        target("absent", "three", at_most=2),
        target("no figure", "one", "host_gap", at_most=2),
    ]
    verdicts = judge(targets, [make_result("one", 2.0, 1.0), make_result("two", 3.0, 1.2)])
    assert [v.met for v in verdicts] == [True, False, True, True, True, False, None, None, None]
    assert verdicts[3].measured == 1.5 and verdicts[3].floor == 1.2
    assert verdicts[2].floor == 4000
    assert verdicts[7].measured is None
