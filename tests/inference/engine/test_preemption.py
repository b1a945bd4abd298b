"""When blocks run out the latest arrival gives way, and nothing it says changes."""

import pytest
from motet_inference.engine.testing import add, drive, small_engine

PROMPTS = {f"r{i}": [i + 1, i + 2, i + 3, 7, 7] for i in range(5)}
ALONE = {name: drive(small_engine(), [add(name, p)])[name].tokens for name, p in PROMPTS.items()}


@pytest.mark.parametrize("prefix_cache", [True, False])
@pytest.mark.parametrize("num_blocks", [6, 9, 13])
def test_tokens_survive_preemption(num_blocks: int, prefix_cache: bool) -> None:
    engine = small_engine(num_blocks=num_blocks, max_context=24, prefix_cache=prefix_cache)
    record = drive(engine, [add(name, prompt) for name, prompt in PROMPTS.items()])
    assert {name: record[name].tokens for name in PROMPTS} == ALONE
    if num_blocks == 9:
        assert sum(s.preemptions for s in record.steps) > 0
    assert record.steps[-1].blocks_free == num_blocks


def test_the_latest_arrival_gives_way() -> None:
    """Two fit at first; when they have grown only the first is left, and it ends first."""
    engine = small_engine(num_blocks=7, max_context=28)
    record = drive(engine, [add("first", [1] * 7), add("second", [2] * 7)])
    assert sum(s.preemptions for s in record.steps) == 1
    order = [e.request_id for s in record.steps for e in s.ended]
    assert order == ["first", "second"]
    told = [{t.request_id for t in s.tokens} for s in record.steps]
    assert "first" in told[told.index({"first"})]
    assert all("first" in names for names in told[: told.index({"second"})])


def test_computing_again_counts_no_cached_tokens_and_no_prompt_twice() -> None:
    engine = small_engine(num_blocks=7, max_context=28)
    record = drive(engine, [add("first", [1] * 7), add("second", [2] * 7)])
    ended = record["second"].ended
    assert ended is not None
    assert (ended.prompt_tokens, ended.cached_tokens, ended.completion_tokens) == (7, 0, 16)


def test_sampled_tokens_survive_preemption_too() -> None:
    options = {"temperature": 1.3, "seed": 11, "top_p": 0.95, "frequency_penalty": 0.5}
    messages = [add(name, p, n=2, options=options) for name, p in PROMPTS.items()]
    roomy = drive(small_engine(), messages)
    tight = drive(small_engine(num_blocks=8, max_context=24), messages)
    assert sum(s.preemptions for s in tight.steps) > 0
    for name in PROMPTS:
        assert tight[name].tokens == roomy[name].tokens
