"""The core's loop: everything that came is taken in each step, and idleness costs nothing."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest
from motet_inference.engine import messages as m
from motet_inference.server import wire
from motet_inference.server.core import CoreLoop

ADD = m.Add(
    request_id="r", account="a", salt=b"", prompt=[1], prompt_budget=1, output_budget=1,
    sampling=m.Sampling(),
)  # fmt: skip
REF = m.AdapterRef(digest="d", path="/d", rank=1)


class ScriptedEngine:
    """Has as much work as `outputs`; writes down what it is told."""

    def __init__(self, *outputs: m.StepOutput) -> None:
        self.outputs = deque(outputs)
        self.log: list[Any] = []
        self.gpu: list[str] = []

    @property
    def has_work(self) -> bool:
        return bool(self.outputs)

    def add(self, add: m.Add) -> None:
        self.log.append(("add", add.request_id))

    def extend(self, extend: m.Extend) -> None:
        self.log.append(("extend", extend.request_id))

    def cancel(self, request_id: str) -> None:
        self.log.append(("cancel", request_id))

    def stop_choice(self, request_id: str, index: int) -> None:
        self.log.append(("stop", request_id, index))

    def warm(self, ref: m.AdapterRef) -> None:
        self.log.append(("warm", ref.digest))

    def step(self) -> m.StepOutput:
        self.log.append("step")
        return self.outputs.popleft() if self.outputs else m.StepOutput(step=0)

    def check_integrity(self) -> None:
        self.log.append("check")

    def tiers(self) -> tuple[list[str], list[str]]:
        return self.gpu, ["h"]


class ScriptedPipe:
    """Gives out one batch of messages per look; `waits` holds the timeouts asked for."""

    def __init__(self, *batches: list[m.ToCore]) -> None:
        self.batches = deque(batches)
        self.waits: list[float | None] = []
        self.sent: list[tuple[int, bytes]] = []

    def receive(self, *, timeout: float | None) -> list[m.ToCore]:
        self.waits.append(timeout)
        return self.batches.popleft() if self.batches else [m.Shutdown()]

    def send(self, kind: wire.Kind, body: bytes) -> None:
        self.sent.append((kind, body))


def run(engine: ScriptedEngine, pipe: ScriptedPipe) -> None:
    CoreLoop(engine, engine, pipe).run()


def test_all_messages_are_taken_in_before_a_step() -> None:
    engine = ScriptedEngine(m.StepOutput(step=1, num_tokens=3))
    inbox: list[m.ToCore] = [
        ADD,
        m.Extend(request_id="r", prompt_budget=1, output_budget=2),
        m.StopChoice(request_id="r", index=1),
        m.Cancel(request_id="r"),
    ]
    pipe = ScriptedPipe(inbox)
    run(engine, pipe)
    expected = [("add", "r"), ("extend", "r"), ("stop", "r", 1), ("cancel", "r"), "step"]
    assert engine.log == expected
    assert [m.decode_step_output(body).num_tokens for _, body in pipe.sent] == [3]


def test_it_does_not_wait_while_tokens_run_and_waits_for_ever_when_idle() -> None:
    engine = ScriptedEngine(m.StepOutput(step=1, num_tokens=1))
    pipe = ScriptedPipe([], [], [], [])
    run(engine, pipe)
    assert pipe.waits == [0.0, 0.0, None, None, None]
    assert engine.log == ["step", "check", "check"], "the books are checked once per idle time"


def test_it_naps_while_everything_waits_for_an_adapter() -> None:
    engine = ScriptedEngine(m.StepOutput(step=1), m.StepOutput(step=2), m.StepOutput(step=3))
    pipe = ScriptedPipe([], [])
    run(engine, pipe)
    assert pipe.waits[1] and pipe.waits[2]
    assert pipe.sent == [], "a step without news is not told"


def test_residency_is_told_with_the_tiers() -> None:
    engine = ScriptedEngine(m.StepOutput(step=1, loaded=["d"]))
    engine.gpu = ["d"]
    pipe = ScriptedPipe([])
    run(engine, pipe)
    assert [kind for kind, _ in pipe.sent] == [wire.STEP, wire.TIERS]
    assert wire.decode_tiers(pipe.sent[1][1]) == wire.Tiers(gpu=["d"], host=["h"])


def test_warming_is_followed_until_it_is_there() -> None:
    engine = ScriptedEngine()
    pipe = ScriptedPipe([m.Load(adapter=REF)], [], [], [])
    loop = CoreLoop(engine, engine, pipe)
    real, steps = engine.step, iter([None, None, m.StepOutput(step=0, loaded=["d"])])
    engine.step = lambda: next(steps) or real()  # type: ignore[method-assign]
    loop.run()
    assert engine.log[0] == ("warm", "d")
    assert all(pipe.waits[1:3]) and pipe.waits[-1] is None
    assert [kind for kind, _ in pipe.sent] == [wire.STEP, wire.TIERS]


def test_what_is_warm_already_is_left_alone() -> None:
    engine = ScriptedEngine()
    engine.gpu = ["d"]
    pipe = ScriptedPipe([m.Load(adapter=REF)])
    run(engine, pipe)
    assert engine.log == ["check", "check"]


def test_an_error_of_the_engine_ends_the_loop() -> None:
    class Broken(ScriptedEngine):
        def step(self) -> m.StepOutput:
            raise RuntimeError("device lost")

    with pytest.raises(RuntimeError, match="device lost"):
        run(Broken(m.StepOutput(step=1)), ScriptedPipe([]))
