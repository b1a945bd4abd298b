"""Each token is counted when its text is let through, and none twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from motet_inference.engine.messages import Token
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.server.choice import Choice
from motet_inference.server.tokenizer import Tokenizer

END = 2


def token(token_id: int, logprob: float | None = None) -> Token:
    return Token("r", 0, token_id, logprob, None if logprob is None else [(token_id, logprob)])


def drive(choice: Choice, ids: list[int], *, reason: Any = "length", **options: Any) -> list[Any]:
    """Push ids as steps, then the end; -> deltas of each step, as (text, completion_tokens)."""
    deltas = []
    for i, token_id in enumerate(ids):
        ends = reason == "stop" and i == len(ids) - 1
        stopped = choice.push(token(token_id, **options), ends=ends)
        if i == len(ids) - 1 and not stopped:
            choice.finish(reason)
        delta = choice.take()
        deltas.append(None if delta is None else (delta.text, delta.completion_tokens))
        if stopped:
            break
    return deltas


@pytest.fixture
def spell(tokenizer: Tokenizer) -> Any:
    """spell(text) -> one token id per byte."""
    of = {tokenizer.vocabulary.text_bytes(i): i for i in range(300)}
    return lambda text: [of[bytes([b])] for b in text.encode()]


def test_an_end_token_counts_and_has_no_text(tokenizer: Tokenizer, spell: Any) -> None:
    choice = Choice(0, tokenizer.vocabulary)
    assert drive(choice, [*spell("ab"), END], reason="stop") == [("a", 1), ("b", 2), None]
    result = choice.result()
    assert (result.completion_tokens, result.finish_reason, result.text) == (3, "stop", "")


def test_an_end_token_that_is_text_is_not_shown(tokenizer: Tokenizer, spell: Any) -> None:
    choice = Choice(0, tokenizer.vocabulary)
    assert drive(choice, spell("ab"), reason="stop") == [("a", 1), None]
    assert choice.result().completion_tokens == 2


def test_held_back_text_is_counted_when_it_comes(tokenizer: Tokenizer, spell: Any) -> None:
    choice = Choice(0, tokenizer.vocabulary, stops=["END"])
    deltas = drive(choice, spell("xENx"))
    assert deltas == [("x", 1), None, None, ("ENx", 4)]


def test_a_stop_string_counts_to_its_last_token(tokenizer: Tokenizer, spell: Any) -> None:
    choice = Choice(0, tokenizer.vocabulary, stops=["END"])
    assert drive(choice, spell("xENDyz")) == [("x", 1), None, None, None]
    result = choice.result()
    assert (result.completion_tokens, result.finish_reason) == (4, "stop")
    choice.finish("length")
    assert choice.reason == "stop"


def test_half_a_character_is_not_counted(tokenizer: Tokenizer, spell: Any) -> None:
    choice = Choice(0, tokenizer.vocabulary)
    assert drive(choice, spell("aé")) == [("a", 1), None, ("é", 3)]
    cut = Choice(0, tokenizer.vocabulary)
    assert drive(cut, spell("aé")[:2]) == [("a", 1), ("\ufffd", 2)]


def test_without_streaming_all_comes_in_the_end(tokenizer: Tokenizer, spell: Any) -> None:
    choice = Choice(3, tokenizer.vocabulary, prefix="Once: ")
    for i in spell("upon"):
        choice.push(token(i, logprob=-0.5), ends=False)
    choice.finish("length")
    result = choice.result()
    assert (result.index, result.text, result.finish_reason) == (3, "Once: upon", "length")
    assert result.completion_tokens == len(result.logprobs) == 4


def test_a_prefix_comes_first(tokenizer: Tokenizer, spell: Any) -> None:
    choice = Choice(0, tokenizer.vocabulary, prefix="Once ")
    assert drive(choice, spell("u")) == [("Once u", 1)]


def test_logprobs_follow_the_text(tokenizer: Tokenizer, spell: Any) -> None:
    choice = Choice(0, tokenizer.vocabulary, stops=["END"])
    seen: list[pb.TokenLogprob] = []
    for i in spell("é-ENxEND"):
        choice.push(token(i, logprob=-1.5), ends=False)
        if (delta := choice.take()) is not None:
            seen += delta.logprobs
    assert b"".join(entry.token_bytes for entry in seen).decode() == "é-ENx"
    assert seen[0].token == "\ufffd" and seen[0].token_bytes == b"\xc3"
    assert seen[2].token == "-" and seen[2].logprob == -1.5
    assert [(t.token, t.logprob) for t in seen[2].top] == [("-", -1.5)]
    assert choice.result().completion_tokens == 9


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_counts_add_up_for_any_tokens(tokenizer: Tokenizer, data: st.DataObject) -> None:
    ids = data.draw(st.lists(st.integers(0, 399), min_size=1, max_size=30))
    stops = data.draw(st.lists(st.text(alphabet="aeT \ufffd", min_size=1, max_size=3), max_size=2))
    whole = tokenizer.decode(ids)
    choice = Choice(0, tokenizer.vocabulary, stops=stops)
    deltas = [d for d in drive(choice, ids, logprob=-1.0) if d is not None]
    text = "".join(text for text, _ in deltas)
    counts = [count for _, count in deltas]
    assert counts == sorted(counts)
    assert whole.startswith(text)
    if choice.reason == "stop":
        assert any(whole[len(text) :].startswith(stop) for stop in stops)
        assert choice.sampled <= len(ids)
    else:
        assert (text, choice.sampled, choice.counted) == (whole, len(ids), len(ids))
