"""Slots are never lost, never given twice, and never taken from who uses them."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from motet_inference.adapters.residency import RESERVE_S, Residency
from motet_inference.engine.messages import AdapterRef

DIGESTS = st.sampled_from("abcdef")


def ref(digest: str) -> AdapterRef:
    return AdapterRef(digest=digest, path=f"/{digest}", rank=4)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def place(residency: Residency, digest: str, *, asked: bool = False) -> int:
    residency.want(ref(digest), asked=asked)
    slot = residency.take()
    residency.settle(digest, slot)
    return slot


def test_the_least_recently_used_goes_first() -> None:
    residency = Residency(2, Clock())
    place(residency, "a")
    place(residency, "b")
    slot = residency.pin("a")
    assert slot is not None
    residency.unpin(slot)
    place(residency, "c")
    assert set(residency.resident) == {"a", "c"}


def test_a_pinned_slot_is_not_taken() -> None:
    residency = Residency(1, Clock())
    place(residency, "a")
    slot = residency.pin("a")
    assert slot == residency.pin("a")
    assert slot is not None
    assert not residency.unpin(slot)
    assert not residency.can_place()
    assert residency.unpin(slot)
    assert residency.can_place()
    with pytest.raises(ValueError, match="more often"):
        residency.unpin(slot)


def test_what_a_request_waits_for_is_kept_for_it_a_while() -> None:
    clock = Clock()
    residency = Residency(1, clock)
    place(residency, "a", asked=True)
    assert not residency.can_place()
    assert residency.next_expiry() == RESERVE_S
    clock.now = RESERVE_S
    assert residency.can_place()
    place(residency, "b", asked=False)
    assert residency.can_place()


def test_poll_gives_the_net_change() -> None:
    residency = Residency(1, Clock())
    place(residency, "a")
    assert residency.poll() == (["a"], [])
    place(residency, "b")
    place(residency, "c")
    assert residency.poll() == (["c"], ["a"])
    place(residency, "d")
    place(residency, "c")
    assert residency.poll() == ([], [])


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.residency = Residency(3, self.clock)
        self.pins: list[tuple[str, int]] = []
        self.taken: list[tuple[str, int]] = []
        self.seen: set[str] = set()

    @rule(digest=DIGESTS)
    def acquire(self, digest: str) -> None:
        slot = self.residency.pin(digest)
        if slot is None:
            self.residency.want(ref(digest), asked=True)
        else:
            self.pins.append((digest, slot))

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        if self.pins:
            _, slot = self.pins.pop(data.draw(st.integers(0, len(self.pins) - 1)))
            self.residency.unpin(slot)

    @rule(digest=DIGESTS)
    def begin(self, digest: str) -> None:
        busy = {d for d, _ in self.taken}
        if digest in self.residency.wanted and digest not in busy and self.residency.can_place():
            self.taken.append((digest, self.residency.take()))

    @rule(works=st.booleans())
    def end(self, works: bool) -> None:
        if self.taken:
            digest, slot = self.taken.pop()
            if works:
                self.residency.settle(digest, slot)
            else:
                self.residency.unwant(digest)
                self.residency.give_up(slot)

    @rule(seconds=st.floats(0, 3))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def poll(self) -> None:
        loaded, evicted = self.residency.poll()
        assert not self.seen & set(loaded)
        assert set(evicted) <= self.seen
        self.seen = (self.seen | set(loaded)) - set(evicted)
        assert self.seen == set(self.residency.resident)

    @invariant()
    def nothing_is_lost(self) -> None:
        self.residency.check()
        free = 3 - len(self.residency.resident) - len(self.taken)
        assert free >= 0
        resident = dict(self.pins)
        assert set(resident) <= set(self.residency.resident)
        assert not {s for _, s in self.pins} & {s for _, s in self.taken}
        assert not self.residency.wanted.keys() & set(self.residency.resident)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
