"""Computed beginnings are reused within one tenant, adapter and base, and by all choices."""

import pytest
from motet_inference.engine.messages import Cached, Ended
from motet_inference.engine.testing import (
    Record,
    SmallSlots,
    adapter,
    add,
    drive,
    small_config,
    small_engine,
)

LONG = list(range(1, 31))


def ended(record: Record, request_id: str) -> Ended:
    found = record[request_id].ended
    assert found is not None
    return found


def test_a_second_request_computes_only_what_is_new() -> None:
    engine = small_engine()
    first = drive(engine, [add("a", LONG)])
    second = drive(engine, [add("b", [*LONG[:28], 9, 9])])
    assert ended(first, "a").cached_tokens == 0
    assert ended(second, "b").cached_tokens == 28
    assert second.steps[0].num_tokens == 2
    assert [step.cached for step in first.steps if step.cached] == []
    found = next(i for i, step in enumerate(second.steps) if step.cached)
    assert second.steps[found].cached == [Cached("b", 28)]
    assert found <= next(i for i, step in enumerate(second.steps) if step.tokens)
    alone = drive(small_engine(), [add("b", [*LONG[:28], 9, 9])])
    assert second["b"].tokens == alone["b"].tokens


def test_a_whole_prompt_in_the_cache_still_computes_its_last_block() -> None:
    engine = small_engine()
    first = drive(engine, [add("a", LONG[:28])])
    second = drive(engine, [add("b", LONG[:28])])
    assert ended(second, "b").cached_tokens == 24
    assert second["b"].tokens == first["a"].tokens


def test_output_is_reused_as_the_next_turns_prompt() -> None:
    engine = small_engine()
    first = drive(engine, [add("a", LONG)])["a"].tokens[0]
    turn = [*LONG, *first, 1, 2]
    second = drive(engine, [add("b", turn)])
    assert ended(second, "b").cached_tokens == 44  # 45 of 46 are computed, 11 blocks of 4 full
    assert second["b"].tokens == drive(small_engine(), [add("b", turn)])["b"].tokens


def test_off_means_off() -> None:
    engine = small_engine(prefix_cache=False)
    first = drive(engine, [add("a", LONG)])
    second = drive(engine, [add("b", LONG)])
    assert ended(second, "b").cached_tokens == 0
    assert second["b"].tokens == first["a"].tokens
    assert second.steps[0].num_tokens == 30


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"salt": b"alice"}, {"salt": b"bob"}),
        ({"adapter": adapter("x")}, {"adapter": adapter("y")}),
        ({"adapter": adapter("x")}, {}),
        ({}, {"adapter": adapter("x")}),
    ],
)
def test_nothing_is_shared_across_tenants_and_adapters(
    one: dict[str, object], other: dict[str, object]
) -> None:
    engine = small_engine(slots=SmallSlots(small_config(), num_slots=2))
    drive(engine, [add("a", LONG, **one)])
    foreign = drive(engine, [add("b", LONG, **other)])
    own = drive(engine, [add("c", LONG, **one)])
    assert ended(foreign, "b").cached_tokens == 0
    assert ended(own, "c").cached_tokens == 28


def test_choices_compute_the_prompt_once() -> None:
    engine = small_engine()
    options = {"temperature": 1.0, "seed": 3}
    record = drive(engine, [add("r", LONG, n=4, options=options)])
    # The prompt, then for the three others its last two tokens, then the rest of the outputs.
    assert sum(s.num_tokens for s in record.steps) == 30 + 3 * 2 + 4 * 15
    assert ended(record, "r").prompt_tokens == 30
    assert ended(record, "r").cached_tokens == 0
    assert ended(record, "r").completion_tokens == 64
    assert len({tuple(tokens) for tokens in record["r"].tokens.values()}) == 4


def test_choices_are_those_of_a_request_without_the_cache() -> None:
    options = {"temperature": 1.0, "seed": 3}
    shared = drive(small_engine(), [add("r", LONG, n=4, options=options)])
    apart = drive(small_engine(prefix_cache=False), [add("r", LONG, n=4, options=options)])
    assert shared["r"].tokens == apart["r"].tokens


def test_blocks_that_were_reused_for_others_are_not_found() -> None:
    engine = small_engine(num_blocks=16, max_context=64)
    drive(engine, [add("a", LONG)])
    drive(engine, [add("b", list(range(30, 60)), options={"max_tokens": 34})])
    again = drive(engine, [add("c", LONG)])
    assert ended(again, "c").cached_tokens == 0
    assert again["c"].tokens == drive(small_engine(), [add("c", LONG)])["c"].tokens
