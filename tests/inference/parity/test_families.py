"""Greedy tokens and log-probabilities of every family, as transformers has them."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from motet_inference.engine.testing import Record, add, drive

LONG = {"max_tokens": 64, "logprobs": 5}
NAMES = [f"r{i}" for i in range(8)]


def run(
    checkpoint: Any, prompts: list[list[int]], *, options: dict[str, int] = LONG, **limits: Any
) -> Record:
    engine = checkpoint.engine(**limits)
    return drive(engine, [add(n, p, options=options) for n, p in zip(NAMES, prompts, strict=True)])


def count_divergences(
    checkpoint: Any, prompts: list[list[int]], record: Record, note: Callable[[str, object], None]
) -> None:
    found = [
        checkpoint.judge.divergences(prompt, record[name].tokens[0])
        for name, prompt in zip(NAMES, prompts, strict=True)
    ]
    note("divergences", sum(found))
    assert all(len(record[name].tokens[0]) == 64 for name in NAMES)
    assert sum(found) <= 2, "near ties are rare; so many are a sign of another arithmetic"


def test_greedy_tokens(
    family: Any, prompts: list[list[int]], record_property: Callable[[str, object], None]
) -> None:
    """Eight prompts at once, prefill in chunks beside decode."""
    record = run(family, prompts)
    assert any(1 < s.num_tokens > len(s.tokens) > 0 for s in record.steps), "no mixed step"
    count_divergences(family, prompts, record, record_property)


def test_generate_says_the_same(family: Any, prompts: list[list[int]]) -> None:
    """Against transformers' own decoding loop and cache, not only its scores."""
    prompt = prompts[4]
    ids = torch.tensor([prompt])
    with torch.inference_mode():
        whole = family.reference.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=64, do_sample=False
        )
    ours = drive(family.engine(), [add("r", prompt, options=LONG)])["r"].tokens[0]
    assert family.judge.same(prompt, ours, whole[0, len(prompt) :].tolist())


def test_logprobs(family: Any, prompts: list[list[int]]) -> None:
    record = run(family, prompts)
    for name, prompt in zip(NAMES, prompts, strict=True):
        outcome = record[name]
        expected = family.judge.logits(prompt, outcome.tokens[0]).log_softmax(-1)
        own = expected.gather(1, torch.tensor(outcome.tokens[0])[:, None])[:, 0]
        torch.testing.assert_close(torch.tensor(outcome.logprobs[0]), own, rtol=0, atol=1e-4)
        for row, top in zip(expected, outcome.top[0], strict=True):
            values = torch.tensor([p for _, p in top])
            torch.testing.assert_close(values, row.topk(5).values, rtol=0, atol=1e-4)
            named = row[torch.tensor([token for token, _ in top])]
            torch.testing.assert_close(values, named, rtol=0, atol=1e-4)


def test_prefix_reuse_changes_nothing(
    family: Any, prompts: list[list[int]], record_property: Callable[[str, object], None]
) -> None:
    engine = family.engine()
    first = drive(engine, [add("first", prompts[6], options=LONG)])
    again = drive(
        engine,
        [add(n, p, options=LONG) for n, p in zip(NAMES, prompts, strict=True)],
    )
    ended = [again[name].ended for name in NAMES]
    assert [e.cached_tokens for e in ended if e] == [0, 0, 0, 0, 0, 0, 56, 48]
    count_divergences(family, prompts, again, record_property)
    assert family.judge.same(prompts[6], first["first"].tokens[0], again["r6"].tokens[0])


def test_no_prefix_cache(
    family: Any, prompts: list[list[int]], record_property: Callable[[str, object], None]
) -> None:
    record = run(family, prompts, prefix_cache=False)
    assert all(e.cached_tokens == 0 for s in record.steps for e in s.ended)
    count_divergences(family, prompts, record, record_property)


@pytest.mark.parametrize("prefix_cache", [True, False])
def test_preemption_changes_nothing(
    prefix_cache: bool,
    family: Any,
    prompts: list[list[int]],
    record_property: Callable[[str, object], None],
) -> None:
    """Room for about three of the eight: they take turns, computing again what they lost."""
    record = run(family, prompts, num_blocks=40, prefix_cache=prefix_cache)
    assert sum(s.preemptions for s in record.steps) > 0
    count_divergences(family, prompts, record, record_property)


def test_fixed_buffers_change_nothing(
    family: Any, prompts: list[list[int]], record_property: Callable[[str, object], None]
) -> None:
    """Decode steps as a CUDA device replays them, padded to the next size."""
    record = run(family, prompts, fixed_decode=True)
    count_divergences(family, prompts, record, record_property)


def test_two_ranks_change_nothing(
    family: Any,
    prompts: list[list[int]],
    ranks: Callable[..., Any],
    record_property: Callable[[str, object], None],
) -> None:
    """With steps that are launched behind one another and get their inputs by a broadcast."""
    limits = {"options": {"max_tokens": 64}, "fixed_decode": True}
    record = run(family, prompts, followers=ranks(2), **limits)
    count_divergences(family, prompts, record, record_property)


@pytest.mark.parametrize("name", ["llama3-tied", "mistral-window", "qwen3-moe", "gemma3"])
def test_two_ranks_without_reuse(
    name: str,
    checkpoints: Callable[[str], Any],
    prompts: list[list[int]],
    ranks: Callable[..., Any],
    record_property: Callable[[str, object], None],
) -> None:
    """Every step's rows are told, and few blocks make choices take turns."""
    family = checkpoints(name)
    limits = {"prefix_cache": False, "num_blocks": 40}
    record = run(family, prompts, followers=ranks(2), **limits)
    assert sum(s.preemptions for s in record.steps) > 0
    count_divergences(family, prompts, record, record_property)


def test_four_ranks_share_two_key_value_heads(
    checkpoints: Callable[[str], Any],
    prompts: list[list[int]],
    ranks: Callable[..., Any],
    record_property: Callable[[str, object], None],
) -> None:
    family = checkpoints("llama-biased")
    record = run(family, prompts, followers=ranks(4), fixed_decode=True)
    count_divergences(family, prompts, record, record_property)
