"""Any order of arrivals, cancels, grants and steps leaves the books balanced and ends."""

from hypothesis import given, settings
from hypothesis import strategies as st
from motet_inference.engine.engine import Engine
from motet_inference.engine.messages import Extend
from motet_inference.engine.testing import (
    Record,
    SmallSlots,
    adapter,
    add,
    small_config,
    small_engine,
    small_model,
)

MODEL = small_model()
ADAPTERS = [None, adapter("x", rank=2), adapter("y", rank=8), adapter("z"), adapter("bad one")]


class Story:
    """One engine, what was granted to each request, and what came out."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.record = Record()
        self.granted: dict[str, int] = {}
        self.cancelled: set[str] = set()

    def step(self) -> None:
        self.record.take(self.engine.step())
        self.engine.check_integrity()
        for request_id, budget in self.granted.items():
            sampled = sum(map(len, self.record[request_id].tokens.values()))
            assert sampled <= budget

    def arrive(self, data: st.DataObject) -> None:
        request_id = f"r{len(self.granted)}"
        budget = data.draw(st.integers(0, 30), "budget")
        self.granted[request_id] = budget
        shared = list(range(1, 1 + data.draw(st.integers(1, 25), "prompt")))
        self.engine.add(
            add(
                request_id,
                shared,
                n=data.draw(st.integers(1, 3), "n"),
                account=data.draw(st.sampled_from("ab"), "account"),
                salt=data.draw(st.sampled_from([b"a", b"b"]), "salt"),
                adapter=data.draw(st.sampled_from(ADAPTERS), "adapter"),
                prompt_budget=data.draw(st.sampled_from([10, 100]), "prompt budget"),
                output_budget=budget,
                options={"max_tokens": data.draw(st.integers(0, 12), "max tokens")},
            )
        )

    def extend(self, request_id: str, more: int, *, last: bool) -> None:
        self.granted[request_id] += more
        self.engine.extend(
            Extend(
                request_id=request_id,
                prompt_budget=100 if not last else 0,
                output_budget=self.granted[request_id],
                last=last,
            )
        )

    def finish(self) -> None:
        """Refuse all that still waits for budget, and step until there is nothing to do."""
        for request_id in self.granted:
            self.extend(request_id, 0, last=True)
        for _ in range(1000):
            if not self.engine.has_work:
                return
            self.step()
        raise AssertionError("a request never ended")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nothing_leaks_and_everything_ends(data: st.DataObject) -> None:
    slots = SmallSlots(small_config(), num_slots=2, load_steps=data.draw(st.integers(0, 2)))
    engine = small_engine(
        MODEL,
        slots=slots,
        num_blocks=data.draw(st.sampled_from([10, 14, 40]), "blocks"),
        max_context=40,
        max_batch=data.draw(st.sampled_from([2, 6]), "batch"),
        token_budget=data.draw(st.sampled_from([6, 32]), "token budget"),
        prefix_cache=data.draw(st.booleans(), "prefix cache"),
        slot_patience=data.draw(st.sampled_from([1, 50]), "patience"),
    )
    story = Story(engine)
    for _ in range(data.draw(st.integers(1, 25), "actions")):
        action = data.draw(
            st.sampled_from(["add", "add", "step", "step", "extend", "cancel", "stop"])
        )
        known = list(story.granted)
        if action == "add":
            story.arrive(data)
        elif action == "step" or not known:
            story.step()
        else:
            request_id = data.draw(st.sampled_from(known))
            if action == "extend":
                story.extend(request_id, data.draw(st.integers(0, 10)), last=False)
            elif action == "cancel":
                engine.cancel(request_id)
            else:
                engine.stop_choice(request_id, data.draw(st.integers(0, 2)))
        engine.check_integrity()
    story.finish()
    for request_id in story.granted:
        outcome = story.record[request_id]
        assert (outcome.ended is None) != (outcome.refused is None)
        if outcome.ended is not None:
            sampled = sum(map(len, outcome.tokens.values()))
            assert outcome.ended.completion_tokens == sampled
            assert outcome.ended.cached_tokens <= outcome.ended.prompt_tokens
    assert engine.step().blocks_free == engine.config.num_blocks
    slots.close()
