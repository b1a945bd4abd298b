"""What was measured, held against what was wanted."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from motet_inference.bench.results import Result
from motet_inference.bench.suite import Target


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the targets. `met` is None where a case has no figure: it failed, or found no time.

    `floor` is the best that the figure could be on this device, None where that is not known.
    """

    target: Target
    measured: float | None
    floor: float | None
    met: bool | None


def judge(targets: Sequence[Target], results: Sequence[Result]) -> list[Verdict]:
    """One verdict for each target, in their order."""
    by_title = {result.case.title: result for result in results}
    alone = {target.row: _judge(target, by_title) for target in targets}
    return [_with_given(verdict, alone) for verdict in alone.values()]


def _judge(target: Target, results: dict[str, Result]) -> Verdict:
    result, other = results.get(target.case), results.get(target.over)
    if result is None or (target.over and other is None):
        return Verdict(target=target, measured=None, floor=None, met=None)
    measured: float | None = getattr(result, target.figure)
    floor = result.floors.get(target.figure)
    if other is not None:
        measured = _ratio(measured, getattr(other, target.figure))
        floor = _ratio(floor, other.floors.get(target.figure))
    met = None
    if measured is not None and target.at_most is not None:
        met = measured <= target.at_most
    elif measured is not None and target.at_least is not None:
        met = measured >= target.at_least
    return Verdict(target=target, measured=measured, floor=floor, met=met)


def _with_given(verdict: Verdict, others: dict[str, Verdict]) -> Verdict:
    """A row that counts only beside another one is met only if that one is."""
    given = others.get(verdict.target.given)
    if given is None or not verdict.met:
        return verdict
    return msgspec.structs.replace(verdict, met=given.met)


def _ratio(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other
