"""How requests end: by themselves, by their owner, or by being wrong."""

from typing import Any

import pytest
from motet_inference.engine.config import EngineConfig
from motet_inference.engine.engine import Engine
from motet_inference.engine.testing import (
    SmallSlots,
    adapter,
    add,
    drive,
    small_config,
    small_engine,
    small_model,
)

PROMPT = [5, 6, 7, 8, 9]


def test_it_works() -> None:
    record = drive(small_engine(), [add("r", PROMPT)])
    ended = record["r"].ended
    assert len(record["r"].tokens[0]) == 16 and record["r"].reasons == {0: "length"}
    assert ended is not None
    assert (ended.prompt_tokens, ended.cached_tokens, ended.completion_tokens) == (5, 0, 16)
    assert record.steps[-1].blocks_free == 64


def test_the_end_token_ends_and_counts() -> None:
    tokens = drive(small_engine(), [add("r", PROMPT)])["r"].tokens[0]
    model = small_model(small_config(eos_token_ids=(tokens[3],)))
    first = tokens.index(tokens[3])
    outcome = drive(small_engine(model), [add("r", PROMPT, options={"ignore_eos": False})])["r"]
    assert outcome.tokens[0] == tokens[: first + 1] and outcome.reasons == {0: "stop"}
    assert outcome.ended is not None and outcome.ended.completion_tokens == first + 1
    ignored = drive(small_engine(model), [add("r", PROMPT)])["r"]
    assert ignored.tokens[0] == tokens


def test_stop_tokens_end() -> None:
    tokens = drive(small_engine(), [add("r", PROMPT)])["r"].tokens[0]
    stop = add("r", PROMPT, options={"stop_token_ids": (60, tokens[4])})
    outcome = drive(small_engine(), [stop])["r"]
    assert outcome.tokens[0] == tokens[: tokens.index(tokens[4]) + 1]
    assert outcome.reasons == {0: "stop"}


def test_without_max_tokens_the_context_ends_it() -> None:
    outcome = drive(small_engine(max_context=20), [add("r", PROMPT, options={"max_tokens": None})])
    assert len(outcome["r"].tokens[0]) == 15 and outcome["r"].reasons == {0: "length"}


def test_no_tokens_asked_none_given() -> None:
    outcome = drive(small_engine(), [add("r", PROMPT, n=2, options={"max_tokens": 0})])["r"]
    assert outcome.reasons == {0: "length", 1: "length"} and not outcome.tokens
    assert outcome.ended is not None and outcome.ended.prompt_tokens == 0


@pytest.mark.parametrize("steps_before", [0, 1, 3])
def test_cancel_acts_within_one_step(steps_before: int) -> None:
    engine = small_engine(token_budget=16)
    engine.add(add("r", list(range(1, 40))))
    engine.add(add("s", PROMPT))
    for _ in range(steps_before):
        engine.step()
    engine.cancel("r")
    engine.check_integrity()
    output = engine.step()
    assert [e.request_id for e in output.ended] == ["r"]
    assert not [t for t in output.tokens if t.request_id == "r"] and not output.choice_ends
    assert output.ended[0].prompt_tokens == (39 if steps_before == 3 else 0)
    assert output.ended[0].completion_tokens == (1 if steps_before == 3 else 0)
    record = drive(engine)
    assert "r" not in record.requests and record.steps[-1].blocks_free == 64


def test_cancelling_twice_or_nobody_says_nothing() -> None:
    engine = small_engine()
    engine.cancel("nobody")
    assert not engine.has_work
    engine.add(add("r", PROMPT))
    engine.cancel("r")
    engine.cancel("r")
    assert len(engine.step().ended) == 1 and not engine.has_work


def test_cancel_while_waiting_for_budget() -> None:
    engine = small_engine()
    drive(engine, [add("r", PROMPT, output_budget=3)])
    engine.cancel("r")
    output = engine.step()
    assert output.ended[0].completion_tokens == 3 and output.blocks_free == 64


def test_stop_choice_ends_one_and_the_last_ends_the_request() -> None:
    engine = small_engine()
    engine.add(add("r", PROMPT, n=2))
    for _ in range(4):
        engine.step()
    engine.stop_choice("r", 1)
    engine.stop_choice("r", 1)
    engine.stop_choice("r", 7)
    engine.stop_choice("nobody", 0)
    output = engine.step()
    assert [(e.index, e.reason) for e in output.choice_ends] == [(1, "stop")]
    assert {t.index for t in output.tokens} == {0} and not output.ended
    engine.stop_choice("r", 0)
    assert engine.step().ended and not engine.has_work


def wrong_requests() -> dict[str, tuple[dict[str, Any], str]]:
    invalid = "invalid_request"
    options: dict[str, dict[str, Any]] = {
        "hot": {"temperature": float("nan")},
        "cold": {"temperature": -1.0},
        "top_p": {"top_p": 1.5},
        "top_k": {"top_k": -2},
        "min_p": {"min_p": float("inf")},
        "repetition": {"repetition_penalty": 0.0},
        "presence": {"presence_penalty": float("-inf")},
        "bias token": {"logit_bias": {61: 1.0}},
        "bias value": {"logit_bias": {3: float("nan")}},
        "logprobs": {"logprobs": 62},
    }
    return {
        "empty": ({"prompt": []}, invalid),
        "beyond the vocabulary": ({"prompt": [1, 61]}, invalid),
        "negative token": ({"prompt": [-1]}, invalid),
        "too long": ({"prompt": [1] * 128}, "context_length_exceeded"),
        "no choices": ({"prompt": PROMPT, "n": 0}, invalid),
        "bad adapter": ({"prompt": PROMPT, "adapter": adapter("bad")}, "adapter_incompatible"),
        **{k: ({"prompt": PROMPT, "options": v}, invalid) for k, v in options.items()},
    }


@pytest.mark.parametrize("name", wrong_requests())
def test_a_wrong_request_is_refused_alone(name: str) -> None:
    fields, code = wrong_requests()[name]
    slots = SmallSlots(small_config(), num_slots=2)
    engine = small_engine(slots=slots)
    expected = drive(small_engine(), [add("good", PROMPT)])["good"].tokens
    record = drive(engine, [add("good", PROMPT), add("wrong", **fields)])
    refused = record["wrong"].refused
    assert refused is not None and refused.code == code and refused.message.endswith(".")
    assert record["good"].tokens == expected and record["good"].ended
    slots.close()


def test_without_slots_an_adapter_is_refused() -> None:
    record = drive(small_engine(), [add("r", PROMPT, adapter=adapter("a"))])
    assert record["r"].refused is not None and record["r"].refused.code == "adapter_unavailable"


def test_an_id_in_use_ends_both_and_frees_all() -> None:
    engine = small_engine()
    engine.add(add("r", PROMPT))
    engine.step()
    engine.add(add("r", PROMPT))
    output = engine.step()
    assert [r.code for r in output.refused] == ["invalid_request"]
    assert not engine.has_work and output.blocks_free == 64
    engine.check_integrity()


@pytest.mark.parametrize("with_adapter", [False, True])
def test_broken_numbers_end_their_request_alone(with_adapter: bool) -> None:
    """An adapter whose weights overflow spoils its own logits and nobody else's."""
    config = small_config()
    slots = SmallSlots(config, num_slots=2)
    model = small_model(config)
    expected = drive(small_engine(), [add("good", PROMPT)])["good"].tokens
    if not with_adapter:
        model.embedding[60] = float("nan")
    engine = small_engine(model, slots=slots)
    wrong = add("wrong", [5, 60], n=2)
    if with_adapter:
        held = slots.acquire(adapter("evil"))
        assert held is not None
        slots.weights.layers[1].down.b[held] = float("inf")
        slots.release(held)
        wrong = add("wrong", PROMPT, adapter=adapter("evil"), n=2)
    record = drive(engine, [wrong, add("good", PROMPT)])
    refused = record["wrong"].refused
    assert refused is not None
    assert refused.code == ("adapter_incompatible" if with_adapter else "internal")
    assert record["good"].tokens == expected
    slots.close()


@pytest.mark.parametrize(
    "limits",
    [
        {"num_blocks": 0},
        {"num_blocks": 4, "max_context": 65},
        {"max_batch": 600},
        {"block_size": -1},
        {"slot_patience": 0},
    ],
)
def test_impossible_limits_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError):
        EngineConfig(**({"num_blocks": 64, "max_context": 64} | limits))


def test_a_context_beyond_the_models_is_refused() -> None:
    with pytest.raises(ValueError, match="512"):
        Engine(small_model(), EngineConfig(num_blocks=999, max_context=513))
