"""Many adapters in one step: each as if alone, one base pass for all, slots given back."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from motet_inference.engine.engine import Engine
from motet_inference.engine.messages import AdapterRef
from motet_inference.engine.testing import (
    Record,
    SmallSlots,
    adapter,
    add,
    drive,
    small_config,
    small_engine,
    small_model,
)

PROMPT = [5, 6, 7, 8, 9]
REFS = [adapter(f"adapter {i}", rank=rank) for i, rank in enumerate([1, 2, 4, 8, 3, 8, 5, 1])]


def make(num_slots: int, *, load_steps: int = 0, **limits: Any) -> tuple[Engine, SmallSlots]:
    slots = SmallSlots(small_config(), num_slots=num_slots, load_steps=load_steps)
    return small_engine(small_model(), slots=slots, **limits), slots


def alone(ref: AdapterRef | None) -> list[int]:
    engine, _ = make(1)
    return drive(engine, [add("r", PROMPT, adapter=ref)])["r"].tokens[0]


def test_a_mixed_batch_says_what_each_says_alone() -> None:
    engine, slots = make(8)
    refs = [*REFS, None]
    record = drive(engine, [add(f"r{i}", PROMPT, adapter=ref) for i, ref in enumerate(refs)])
    expected = [alone(ref) for ref in refs]
    assert [record[f"r{i}"].tokens[0] for i in range(9)] == expected
    assert len({tuple(tokens) for tokens in expected}) == 9
    assert max(s.adapters for s in record.steps) == 8
    slots.close()


class CountLinear:
    """Counts `F.linear` on the base weights while it is open."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, engine: Engine) -> None:
        self.calls = 0
        model = engine.model
        base = {t.untyped_storage().data_ptr() for t in model.parameters.values()}
        real = F.linear

        def counted(
            x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None
        ) -> torch.Tensor:
            self.calls += weight.untyped_storage().data_ptr() in base
            return real(x, weight, bias)

        monkeypatch.setattr(F, "linear", counted)


@pytest.mark.parametrize("distinct", [0, 1, 8])
def test_base_products_per_step_do_not_depend_on_the_adapters(
    distinct: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four per layer and the head: 9 for two layers, in prefill and in decode."""
    engine, _ = make(8)
    counter = CountLinear(monkeypatch, engine)
    for i in range(8):
        ref = REFS[i % distinct] if distinct else None
        engine.add(add(f"r{i}", [i + 1, 2, 3], adapter=ref))
    for _ in range(4):
        before = counter.calls
        output = engine.step()
        assert output.adapters == distinct and len(output.tokens) == 8
        assert counter.calls - before == 9


def test_more_adapters_than_slots_take_turns() -> None:
    engine, slots = make(2)
    record = drive(engine, [add(f"r{i}", PROMPT, adapter=ref) for i, ref in enumerate(REFS)])
    assert [record[f"r{i}"].tokens[0] for i in range(8)] == [alone(ref) for ref in REFS]
    assert max(s.adapters for s in record.steps) == 2
    assert sum(len(s.loaded) for s in record.steps) == 8
    assert sum(len(s.evicted) for s in record.steps) == 6
    slots.close()


def test_loading_holds_up_nobody() -> None:
    engine, slots = make(2, load_steps=5)
    record = drive(engine, [add("cold", PROMPT, adapter=REFS[0]), add("base", PROMPT)])
    first = {name: next(i for i, s in enumerate(record.steps)
                        if name in {t.request_id for t in s.tokens})
             for name in ("cold", "base")}  # fmt: skip
    assert first == {"base": 0, "cold": 5}
    assert record["cold"].tokens[0] == alone(REFS[0])
    slots.close()


def test_a_waiting_adapter_holds_up_none_of_its_own_account() -> None:
    engine, slots = make(2, load_steps=3)
    engine.warm(REFS[1])
    record = drive(
        engine, [add(f"r{i}", PROMPT, adapter=ref) for i, ref in enumerate([REFS[0], None])]
    )
    assert {t.request_id for t in record.steps[0].tokens} == {"r1"}
    slots.close()


def test_a_cold_adapter_is_not_kept_out_for_ever() -> None:
    """One slot and an endless stream of its resident adapter: patience, then the other's turn."""
    engine, slots = make(1, slot_patience=20, max_batch=4)
    engine.add(add("hot 0", PROMPT, adapter=REFS[0]))
    engine.step()
    engine.add(add("cold", PROMPT, adapter=REFS[1], account="bob"))
    for step in range(200):
        engine.add(add(f"hot {step + 1}", PROMPT, adapter=REFS[0]))
        if any(e.request_id == "cold" for e in engine.step().ended):
            break
        engine.check_integrity()
    assert step < 20 + 16 + 20
    for request_id in ["cold", *(f"hot {i}" for i in range(step + 2))]:
        engine.cancel(request_id)
    engine.step()
    slots.close()


def test_who_starves_but_is_cancelled_blocks_nobody() -> None:
    engine, slots = make(1, slot_patience=1)
    engine.add(add("hot", PROMPT, adapter=REFS[0], options={"max_tokens": 60}))
    engine.step()
    engine.add(add("cold", PROMPT, adapter=REFS[1]))
    engine.step()
    engine.add(add("hot 2", PROMPT, adapter=REFS[0]))
    assert {t.request_id for t in engine.step().tokens} == {"hot"}
    engine.cancel("cold")
    assert {t.request_id for t in engine.step().tokens} == {"hot", "hot 2"}
    drive(engine)
    slots.close()


def test_who_waits_for_budget_pins_no_slot() -> None:
    engine, slots = make(1)
    drive(engine, [add("r", PROMPT, adapter=REFS[0], output_budget=2)])
    record = drive(engine, [add("s", PROMPT, adapter=REFS[1])])
    assert record["s"].tokens[0] == alone(REFS[1])
    slots.close()


@pytest.fixture(params=[1, 3])
def crowded(request: pytest.FixtureRequest) -> Iterator[tuple[Engine, SmallSlots]]:
    """Few slots and few blocks at once; all must be given back."""
    engine, slots = make(request.param, num_blocks=12, max_context=24)
    yield engine, slots
    slots.close()


def test_slots_and_blocks_run_out_together(crowded: tuple[Engine, SmallSlots]) -> None:
    engine, _ = crowded
    messages = [add(f"r{i}", PROMPT, adapter=ref, n=2) for i, ref in enumerate([*REFS, None])]
    record = drive(engine, messages)
    for i, ref in enumerate([*REFS, None]):
        assert record[f"r{i}"].tokens[0] == record[f"r{i}"].tokens[1] == alone(ref)


def test_whose_adapter_loads_claims_nobodys_seat() -> None:
    model = small_model()
    slots = SmallSlots(model.config, num_slots=4, load_steps=30)
    engine = small_engine(model, slots=slots, fixed_decode=True, max_batch=4)
    for i in range(6):
        engine.add(add(f"a{i}", [1, 2, 3], account="many", options={"max_tokens": 100}))
    for _ in range(5):
        engine.step()
    engine.add(add("b", [4, 5], account="one", salt=b"b", adapter=adapter("b")))
    outputs, ahead = [], []
    for _ in range(40):
        outputs.append(engine.step())
        ahead.append(engine._ahead is not None)
    came = next(i for i, o in enumerate(outputs) if any(t.request_id == "b" for t in o.tokens))
    assert came >= 30
    # One that finds that the adapter is not there, one that lets it in.
    assert sum(o.preemptions for o in outputs) == 2
    assert ahead.count(False) <= 5


def test_decodes_run_ahead_while_an_adapter_loads() -> None:
    """One who waits for its adapter costs the others nothing, and is let in when it has come."""
    engine, slots = make(2, load_steps=8, fixed_decode=True)
    record = Record()
    engine.add(add("base", PROMPT, options={"max_tokens": 40}))
    for _ in range(3):
        record.take(engine.step())
    engine.add(add("waits", PROMPT, adapter=REFS[0]))
    assert slots.prefetched == [REFS[0].digest]
    ahead = []
    while "waits" not in record.requests:
        record.take(engine.step())
        engine.check_integrity()
        ahead.append(engine._ahead is not None)
    assert sum(ahead) >= 5
    while engine.has_work:
        record.take(engine.step())
    assert record["waits"].tokens[0] == alone(REFS[0])
    assert record["base"].tokens[0][:16] == alone(None)
    slots.close()


def test_a_newcomer_without_an_adapter_is_let_in_while_another_loads() -> None:
    engine, slots = make(2, load_steps=1000, fixed_decode=True)
    record = Record()
    for name, ref in (("base", None), ("waits", REFS[0])):
        engine.add(add(name, PROMPT, adapter=ref, options={"max_tokens": 60}))
    for _ in range(6):
        record.take(engine.step())
    engine.add(add("late", PROMPT))
    for _ in range(3):
        record.take(engine.step())
    assert record["late"].tokens[0] and record["base"].ended is None
    engine.cancel("waits")
    while engine.has_work:
        record.take(engine.step())
    assert record["late"].tokens[0] == alone(None)
    slots.close()
