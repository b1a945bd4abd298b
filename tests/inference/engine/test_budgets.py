"""No token is sampled, and no prompt computed, beyond what was granted."""

from motet_inference.engine.engine import Engine
from motet_inference.engine.messages import Extend
from motet_inference.engine.testing import Record, add, drive, small_engine

PROMPT = [5, 6, 7, 8, 9]


def go(engine: Engine, record: Record) -> Record:
    """Step on until there is nothing to do, on top of what the record holds."""
    while engine.has_work:
        record.take(engine.step())
        engine.check_integrity()
    return record


def extend(request_id: str, output: int, *, prompt: int = 1000, last: bool = False) -> Extend:
    return Extend(request_id=request_id, prompt_budget=prompt, output_budget=output, last=last)


def test_a_request_waits_at_its_budget_and_goes_on_where_it_was() -> None:
    whole = drive(small_engine(), [add("r", PROMPT)])["r"].tokens[0]
    engine = small_engine()
    record = drive(engine, [add("r", PROMPT, output_budget=6)])
    assert record["r"].tokens[0] == whole[:6]
    assert record["r"].low == 1 and record["r"].ended is None
    assert not engine.has_work
    engine.extend(extend("r", 7))
    assert go(engine, record)["r"].tokens[0] == whole[:7]
    engine.extend(extend("r", 1000))
    assert go(engine, record)["r"].tokens[0] == whole
    assert record["r"].reasons == {0: "length"} and record["r"].low == 2


def test_the_last_budget_ends_with_reason_budget_in_the_step_of_the_last_token() -> None:
    engine = small_engine()
    engine.add(add("r", PROMPT, output_budget=3))
    engine.extend(extend("r", 4, last=True))
    record = drive(engine)
    assert len(record["r"].tokens[0]) == 4
    assert record["r"].reasons == {0: "budget"}
    assert record.steps[-1].tokens and record.steps[-1].choice_ends and record.steps[-1].ended
    assert record["r"].ended is not None and record["r"].ended.completion_tokens == 4


def test_the_refusal_of_more_ends_a_request_that_already_waits() -> None:
    engine = small_engine()
    record = drive(engine, [add("r", PROMPT, output_budget=3)])
    engine.extend(extend("r", 3, last=True))
    assert engine.has_work
    go(engine, record)
    assert record["r"].reasons == {0: "budget"} and len(record["r"].tokens[0]) == 3


def test_a_prompt_over_its_budget_is_not_computed() -> None:
    engine = small_engine()
    record = drive(engine, [add("r", PROMPT, prompt_budget=4)])
    assert record["r"].low == 1 and sum(s.num_tokens for s in record.steps) == 0
    assert record.steps[0].low[0].prompt_needed == 5
    engine.extend(extend("r", 1000, prompt=4))
    go(engine, record)
    assert record["r"].low == 2 and not record["r"].tokens
    engine.extend(extend("r", 1000, prompt=5))
    assert len(go(engine, record)["r"].tokens[0]) == 16


def test_a_prompt_that_will_not_be_paid_for_costs_nothing() -> None:
    engine = small_engine()
    record = drive(engine, [add("r", PROMPT, prompt_budget=4)])
    engine.extend(extend("r", 1000, prompt=4, last=True))
    ended = go(engine, record)["r"].ended
    assert record["r"].reasons == {0: "budget"}
    assert ended is not None and (ended.prompt_tokens, ended.completion_tokens) == (0, 0)


def test_low_comes_once_per_grant_and_at_256() -> None:
    engine = small_engine(max_context=512, num_blocks=256)
    engine.add(add("r", PROMPT, output_budget=300, options={"max_tokens": 400}))
    seen: list[tuple[int, int]] = []
    sampled = 0
    while engine.has_work:
        output = engine.step()
        sampled += len(output.tokens)
        seen += [(low.output_used, sampled) for low in output.low]
        if output.low and sampled == 44:
            engine.extend(extend("r", 350))
    assert seen == [(44, 44), (94, 94)]
    assert sampled == 350


def test_a_request_that_cannot_use_more_does_not_ask_for_it() -> None:
    record = drive(small_engine(), [add("r", PROMPT, output_budget=16)])
    assert record["r"].low == 0 and record["r"].reasons == {0: "length"}


def test_the_budget_is_over_all_choices() -> None:
    engine = small_engine()
    record = drive(engine, [add("r", PROMPT, n=3, output_budget=10)])
    assert sum(map(len, record["r"].tokens.values())) == 10
    engine.extend(extend("r", 11, last=True))
    go(engine, record)
    assert sum(map(len, record["r"].tokens.values())) == 11
    assert record["r"].reasons == {0: "budget", 1: "budget", 2: "budget"}


def test_grants_of_one_token_reach_every_choice() -> None:
    engine = small_engine()
    record = drive(engine, [add("r", PROMPT, n=3, output_budget=1, options={"max_tokens": 4})])
    for budget in range(2, 13):
        engine.extend(extend("r", budget))
        go(engine, record)
        assert sum(map(len, record["r"].tokens.values())) == budget
    assert record["r"].ended is not None
    assert [len(record["r"].tokens[i]) for i in range(3)] == [4, 4, 4]


def test_who_waits_for_budget_holds_up_nobody() -> None:
    """The waiting request's blocks go to the other, and come back by computing them again."""
    engine = small_engine(num_blocks=8, max_context=32)
    expected = drive(small_engine(), [add("r", PROMPT)])["r"].tokens[0]
    record = drive(engine, [add("r", PROMPT, output_budget=10)])
    assert engine.step().blocks_free == 4
    other = add("s", list(range(1, 13)), account="bob", options={"max_tokens": 19})
    assert len(drive(engine, [other])["s"].tokens[0]) == 19
    engine.extend(extend("r", 1000))
    assert go(engine, record)["r"].tokens[0] == expected


def test_a_grant_is_never_taken_back() -> None:
    engine = small_engine()
    engine.add(add("r", PROMPT, output_budget=9))
    engine.extend(extend("r", 2, prompt=0))
    assert len(drive(engine)["r"].tokens[0]) == 9


def test_a_request_with_no_output_budget_asks_before_it_computes() -> None:
    engine = small_engine()
    record = drive(engine, [add("r", PROMPT, output_budget=0)])
    assert record["r"].low == 1 and sum(s.num_tokens for s in record.steps) == 0


def test_extending_what_is_over_is_passed_by() -> None:
    engine = small_engine()
    engine.extend(extend("nobody", 5))
    assert not engine.has_work
