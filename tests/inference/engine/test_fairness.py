"""A noisy account cannot take the shares of others."""

from collections import Counter
from typing import Any

import pytest
from motet_inference.engine.fairness import TokenCounters
from motet_inference.engine.messages import StepOutput
from motet_inference.engine.testing import add, small_engine


def served(outputs: list[StepOutput]) -> Counter[str]:
    """Sampled tokens by account, which is the first word of the request's id."""
    return Counter(t.request_id.split()[0] for output in outputs for t in output.tokens)


def test_the_least_served_is_next() -> None:
    counters = TokenCounters()
    counters.enter("a", 1)
    counters.enter("b", 1)
    counters.charge("a", prompt=10, output=0)
    assert counters.least(["a", "b"]) == "b"
    counters.charge("b", prompt=0, output=6)
    assert counters.least(["a", "b"]) == "a"


def test_weight_divides_what_is_charged() -> None:
    counters = TokenCounters()
    counters.enter("a", 4)
    counters.enter("b", 1)
    counters.charge("a", prompt=40, output=0)
    counters.charge("b", prompt=11, output=0)
    assert counters.least(["a", "b"]) == "a"


def test_who_was_away_saved_nothing_up() -> None:
    counters = TokenCounters()
    counters.enter("a", 1)
    counters.charge("a", prompt=1000, output=0)
    counters.enter("b", 1)
    assert counters.served("b") == 1000


def test_leaving_for_a_moment_forgives_nothing() -> None:
    counters = TokenCounters()
    counters.enter("a", 1)
    counters.enter("b", 1)
    counters.charge("a", prompt=1000, output=0)
    counters.leave("a")
    counters.enter("a", 1)
    assert counters.served("a") == 1000


def test_leaving_once_too_often_is_caught() -> None:
    counters = TokenCounters()
    counters.enter("a", 1)
    counters.enter("a", 1)
    counters.leave("a")
    counters.leave("a")
    with pytest.raises(KeyError):
        counters.leave("a")


def test_a_burst_does_not_keep_a_newcomer_waiting() -> None:
    """100 requests of one account stand in line; another's first is admitted with the next seat."""
    engine = small_engine(max_batch=4)
    for i in range(100):
        engine.add(add(f"noisy {i}", [1 + i % 50, 2, 3], account="noisy"))
    for _ in range(20):
        engine.step()
    engine.add(add("quiet 0", [5, 5, 5], account="quiet"))
    waited = 0
    while "quiet" not in served([engine.step()]):
        waited += 1
    assert waited <= 16  # one request's whole length, until a seat is free


def test_two_backlogged_accounts_share_evenly_whatever_their_numbers() -> None:
    engine = small_engine(max_batch=4)
    for i in range(60):
        engine.add(add(f"noisy {i}", [1 + i % 50, 2, 3], account="noisy"))
    for i in range(20):
        engine.add(add(f"quiet {i}", [1 + i % 50, 9, 3], account="quiet"))
    share = served([engine.step() for _ in range(140)])
    assert 0.8 < share["quiet"] / share["noisy"] < 1.25


def test_weights_set_the_shares() -> None:
    engine = small_engine(max_batch=4)
    for i in range(60):
        engine.add(add(f"big {i}", [1 + i % 50, 2, 3], account="big", weight=3))
        engine.add(add(f"small {i}", [1 + i % 50, 9, 3], account="small"))
    share = served([engine.step() for _ in range(160)])
    assert 2.3 < share["big"] / share["small"] < 3.7


def test_a_long_prompt_does_not_take_the_steps_of_a_short_one() -> None:
    """The first chunk of a prompt of 120 charges its account, so another's prompt goes before."""
    engine = small_engine(token_budget=16)
    engine.add(add("long 0", [3] * 120, account="long"))
    engine.step()
    engine.add(add("short 0", [4] * 8, account="short"))
    output = engine.step()
    assert served([output]) == {"short": 1} and output.num_tokens == 16


def test_one_account_alone_gets_everything() -> None:
    engine = small_engine()
    for i in range(16):
        engine.add(add(f"a {i}", [1 + i, 2], account="a"))
    assert engine.step().num_tokens == 32
    assert len(engine.step().tokens) == 16


def quiet_steps(*, noisy: int, **config: Any) -> tuple[int, int]:
    """The worst of 40 requests that come every 8 steps: steps to the first and to the last token,
    beside so many of another account that were there before.
    """
    engine = small_engine(**config)
    for i in range(noisy):
        engine.add(add(f"noisy {i}", [1 + i % 50] * 24, account="noisy"))
    for _ in range(12):
        engine.step()
    come: dict[str, int] = {}
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for step in range(40 * 8 + 40):
        if step % 8 == 0 and step < 320:
            name = f"quiet {step}"
            engine.add(add(name, [5, 1 + step // 8, 5, 7], account="quiet"))
            come[name] = step
        for token in engine.step().tokens:
            if token.request_id in come:
                first.setdefault(token.request_id, step)
                last[token.request_id] = step
        engine.check_integrity()
    assert first.keys() == come.keys()
    return (
        max(1 + first[name] - come[name] for name in come),
        max(1 + last[name] - come[name] for name in come),
    )


@pytest.mark.parametrize("fixed_decode", [False, True])
@pytest.mark.parametrize("scarce", [{"max_batch": 4}, {"max_batch": 16, "num_blocks": 32}])
def test_a_noisy_account_cannot_double_the_waits_of_another(
    scarce: dict[str, int], fixed_decode: bool
) -> None:
    alone = quiet_steps(noisy=0, fixed_decode=fixed_decode, **scarce)
    beside = quiet_steps(noisy=200, fixed_decode=fixed_decode, **scarce)
    print(alone, beside)
    assert beside[0] < 2 * max(alone[0], 2) and beside[1] < 2 * alone[1]


def test_who_gave_way_goes_on_with_the_same_tokens() -> None:
    def tokens(others: int) -> dict[str, list[int]]:
        engine = small_engine(max_batch=4)
        for i in range(4):
            engine.add(add(f"noisy {i}", [1 + i, 2, 3], account="noisy"))
        engine.step()
        for i in range(others):
            engine.add(add(f"quiet {i}", [5, 5, i], account="quiet"))
        found: dict[str, list[int]] = {}
        while engine.has_work:
            for token in engine.step().tokens:
                found.setdefault(token.request_id, []).append(token.token_id)
        return {name: given for name, given in found.items() if name.startswith("noisy")}

    assert tokens(6) == tokens(0)


def test_nobody_gives_way_where_all_have_their_share() -> None:
    """Ten accounts over four seats: each has one at most, and who waits has no claim to it."""
    engine = small_engine(max_batch=4)
    for i in range(10):
        engine.add(add(f"a{i} 0", [1 + i, 2], account=f"a{i}"))
    preempted = 0
    while engine.has_work:
        preempted += engine.step().preemptions
    assert preempted == 0
