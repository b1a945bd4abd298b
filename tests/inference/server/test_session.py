"""A session says each thing once, in order, in as few messages as the gateway can take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.server import session as session_module
from motet_inference.server.session import GatewaySession


class Wire:
    """Collects messages; `gate` closed is a gateway that does not read."""

    def __init__(self) -> None:
        self.messages: list[pb.FromWorker] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def write(self, message: pb.FromWorker) -> None:
        await self.gate.wait()
        self.messages.append(pb.FromWorker.FromString(message.SerializeToString()))

    @property
    def updates(self) -> list[pb.StepUpdate]:
        return [m.update for m in self.messages if m.WhichOneof("message") == "update"]


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def session(wire: Wire) -> AsyncIterator[GatewaySession]:
    session = GatewaySession(1, "g")
    task = asyncio.create_task(session.run(wire.write))
    yield session
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def delta(request_id: str, text: str, count: int, index: int = 0) -> pb.Event:
    logprobs = [pb.TokenLogprob(token=text)]
    value = pb.Delta(index=index, text=text, completion_tokens=count, logprobs=logprobs)
    return pb.Event(request_id=request_id, delta=value)


def finished(request_id: str, text: str = "") -> pb.Event:
    choices = [pb.Choice(text=text)]
    return pb.Event(request_id=request_id, finished=pb.Finished(choices=choices))


async def test_one_step_is_one_message(wire: Wire, session: GatewaySession) -> None:
    for request_id in "abc":
        session.add(delta(request_id, "x", 1))
    session.tell_load(7, 3, 1)
    await session.flushed()
    (update,) = wire.updates
    assert [e.request_id for e in update.events] == ["a", "b", "c"]
    assert (update.step, update.running, update.waiting) == (7, 3, 1)


async def test_steps_join_while_the_gateway_is_behind(wire: Wire, session: GatewaySession) -> None:
    wire.gate.clear()
    session.add(delta("a", "0", 1))
    await asyncio.sleep(0)
    for i in range(1, 6):
        session.add(delta("a", str(i), i + 1))
        session.add(delta("a", "y", i, index=1))
        await asyncio.sleep(0)
    session.add(finished("a"))
    wire.gate.set()
    await session.flushed()
    assert len(wire.updates) == 2
    first, second, third = wire.updates[1].events
    assert (first.delta.text, first.delta.completion_tokens) == ("12345", 6)
    assert [entry.token for entry in first.delta.logprobs] == ["1", "2", "3", "4", "5"]
    assert (second.delta.index, second.delta.text) == (1, "yyyyy")
    assert third.WhichOneof("kind") == "finished"


async def test_residency_is_told_as_it_is_in_the_end(wire: Wire, session: GatewaySession) -> None:
    session.tell_residency("a", loaded=True)
    session.tell_residency("b", loaded=True)
    session.tell_residency("a", loaded=False)
    await session.flushed()
    (update,) = wire.updates
    assert (list(update.loaded), list(update.evicted)) == (["b"], ["a"])


async def test_load_alone_is_sent_when_asked_and_only_if_new(
    wire: Wire, session: GatewaySession
) -> None:
    session.tell_load(1, 2, 3)
    await session.flushed()
    assert wire.updates == []
    session.send_load()
    await session.flushed()
    session.tell_load(2, 2, 3)
    session.send_load()
    await session.flushed()
    assert [(u.running, u.waiting) for u in wire.updates] == [(2, 3)]


async def test_draining_is_told_once_and_what_runs_goes_on(
    wire: Wire, session: GatewaySession
) -> None:
    session.tell_draining()
    session.add(finished("a"))
    await session.flushed()
    session.tell_draining()
    session.add(finished("b"))
    await session.flushed()
    kinds = [m.WhichOneof("message") for m in wire.messages]
    assert kinds == ["draining", "update", "update"]


async def test_no_message_grows_too_large(
    wire: Wire, session: GatewaySession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "_UPDATE_BYTES", 1000)
    for i in range(20):
        session.add(finished(str(i), "x" * (3000 if i == 4 else 300)))
    await session.flushed()
    assert [e.request_id for u in wire.updates for e in u.events] == [str(i) for i in range(20)]
    assert all(len(u.events) == 1 or u.ByteSize() < 1100 for u in wire.updates)
    assert len(wire.updates) > 5
