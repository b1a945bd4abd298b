"""Decode steps over fixed buffers, one launched behind the other, against steps one by one."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from motet_inference.engine.decode import sizes
from motet_inference.engine.engine import Engine
from motet_inference.engine.messages import Add
from motet_inference.engine.testing import (
    Outcome,
    SmallSlots,
    adapter,
    add,
    drive,
    small_config,
    small_engine,
)

OPTIONS: list[dict[str, Any]] = [
    {},
    {"temperature": 1.0, "seed": 5},
    {"temperature": 0.7, "top_p": 0.9, "top_k": 20},
    {"temperature": 1.0, "ignore_eos": False},
    {"stop_token_ids": tuple(range(0, 61, 6))},
    {"repetition_penalty": 1.5, "frequency_penalty": 0.5},
    {"logprobs": 3},
]


def mixture(count: int, *, adapters: int, seed: int) -> Iterator[Add]:
    """Requests of every kind: some on adapters, some with several choices, some short of budget."""
    draw = random.Random(seed)
    for n in range(count):
        options = {**draw.choice(OPTIONS), "max_tokens": draw.randrange(1, 40)}
        which = draw.randrange(-1, adapters)
        yield add(
            f"r{n}",
            [draw.randrange(1, 61) for _ in range(draw.randrange(1, 60))],
            account=f"a{n % 3}",
            adapter=None if which < 0 else adapter(f"d{which}", rank=1 + which * 3),
            n=draw.choice([1, 1, 1, 3]),
            output_budget=draw.choice([100_000, 100_000, 7]),
            options=options,
        )


def engine(*, fixed: bool, **limits: Any) -> Engine:
    slots = SmallSlots(small_config(), num_slots=3)
    return small_engine(slots=slots, fixed_decode=fixed, **limits)


def plain(outcome: Outcome) -> tuple[Any, ...]:
    refused = outcome.refused.code if outcome.refused else None
    logprobs = {i: [round(p, 4) for p in of] for i, of in outcome.logprobs.items()}
    return outcome.tokens, outcome.reasons, outcome.ended, refused, logprobs


def close(one: Any, other: Any) -> bool:
    """Equal, but for the roundings of log-probabilities that other batches bring."""
    if isinstance(one, float):
        return abs(one - other) < 3e-4
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(close, one, other))
    return bool(one == other)


@pytest.mark.parametrize("limits", [{}, {"num_blocks": 40, "max_batch": 5}], ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_says_what_steps_one_by_one_say(seed: int, limits: dict[str, int]) -> None:
    results = []
    for fixed in (False, True):
        made = engine(fixed=fixed, **limits)
        adds = [a for a in mixture(24, adapters=3, seed=seed) if a.output_budget > 7]
        record = drive(made, adds)
        results.append({name: plain(outcome) for name, outcome in record.requests.items()})
        assert len(results[-1]) == len(adds)
    for one, other in zip(*(sorted(r.items()) for r in results), strict=True):
        # How much of a prompt was found cached depends on who came first into which step.
        assert one[1][:2] == other[1][:2], one[0]
        assert close(one[1][3:], other[1][3:]), one[0]
        ends = one[1][2], other[1][2]
        assert ends[0] is not None and ends[1] is not None
        assert ends[0].completion_tokens == ends[1].completion_tokens
        assert ends[0].prompt_tokens == ends[1].prompt_tokens


def test_never_takes_more_than_was_paid_for() -> None:
    adds = [a for a in mixture(40, adapters=3, seed=9) if a.output_budget == 7]
    taken: dict[bool, dict[str, int]] = {False: {}, True: {}}
    for fixed, counts in taken.items():
        made = engine(fixed=fixed)
        for message in adds:
            made.add(message)
        for _ in range(200):
            for token in made.step().tokens:
                counts[token.request_id] = counts.get(token.request_id, 0) + 1
            made.check_integrity()
    assert taken[True] == taken[False]
    assert max(taken[True].values()) == 7


def test_a_step_is_under_way_while_its_forerunner_is_read() -> None:
    made = engine(fixed=True)
    for name in ("a", "b"):
        made.add(add(name, [1, 2, 3], options={"max_tokens": 8}))
    counts = []
    while made.has_work:
        counts.append(len(made.step().tokens))
        # From the first step that only decodes to the last but one.
        assert (made._ahead is not None) == (2 <= len(counts) < 8)
    assert counts == [2] * 8


@pytest.mark.parametrize("when", range(2, 6))
def test_what_comes_in_takes_effect_though_a_step_is_under_way(when: int) -> None:
    made = engine(fixed=True)
    for name in ("stays", "goes"):
        made.add(add(name, [1, 2, 3], options={"max_tokens": 12}))
    tokens: dict[str, list[int]] = {}
    for step in range(60):
        if step == when:
            made.cancel("goes")
            made.add(add("late", [4, 5], options={"max_tokens": 12}))
        if not made.has_work:
            break
        output = made.step()
        assert step < when or "goes" not in {t.request_id for t in output.tokens}
        for token in output.tokens:
            tokens.setdefault(token.request_id, []).append(token.token_id)
        made.check_integrity()
    alone = drive(engine(fixed=False), [add("late", [4, 5], options={"max_tokens": 12})])
    assert tokens["late"] == alone["late"].tokens[0]
    assert len(tokens["stays"]) == 12
    assert len(tokens["goes"]) == when


@pytest.mark.parametrize("most", [1, 2, 3, 7, 16, 60, 64, 100, 256])
def test_sizes_leave_little_padding(most: int) -> None:
    found = sizes(most)
    assert found == sorted(set(found))
    assert found[0] == 1
    assert found[-1] == most
    for rows in range(1, most + 1):
        size = next(size for size in found if size >= rows)
        assert size < 2 * rows or size <= 8
        assert size - rows < 32
