"""A session says each thing once, in order, in as few messages as the gateway can take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import pytest
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.rpc import worker_pb2_grpc as pb_grpc
from motet_inference.rpc.client import MAX_MESSAGE, RequestStream, WorkerClient
from motet_inference.server import session as session_module
from motet_inference.server.serve import _OPTIONS
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


def entries(count: int, size: int) -> list[pb.TokenLogprob]:
    """Log probabilities of `size` bytes and a bit each; every one can be told from the others."""
    return [pb.TokenLogprob(token=f"{i}", token_bytes=bytes(size)) for i in range(count)]


def collect(events: list[pb.Event]) -> dict[int, tuple[str, list[str], list[int]]]:
    """Choice -> the text and tokens of its deltas and its end, and the counts that it told."""
    whole: dict[int, tuple[list[str], list[str], list[int]]] = {}
    for event in events:
        parts = [event.delta] if event.HasField("delta") else event.finished.choices
        for part in parts:
            texts, tokens, counts = whole.setdefault(part.index, ([], [], []))
            texts.append(part.text)
            tokens += [entry.token for entry in part.logprobs]
            counts.append(part.completion_tokens)
    return {i: ("".join(texts), tokens, counts) for i, (texts, tokens, counts) in whole.items()}


async def test_an_answer_of_any_size_comes_in_messages_of_a_bounded_one(
    wire: Wire, session: GatewaySession
) -> None:
    text = "é🙂" * (1 << 19)
    choices = [
        pb.Choice(index=0, text=text, completion_tokens=7, finish_reason="stop"),
        pb.Choice(index=1, text="short", completion_tokens=4000, logprobs=entries(3000, 2000)),
    ]
    event = pb.Event(request_id="a", finished=pb.Finished(choices=choices))
    event.finished.usage.completion_tokens = 4007
    session.add(event)
    session.add(finished("b"))
    await session.flushed()
    assert max(m.ByteSize() for m in wire.messages) < 5 << 20
    events = [e for u in wire.updates for e in u.events]
    assert max(e.ByteSize() for e in events) < 1.1 * (1 << 20)
    *deltas, end, other = events
    assert {e.WhichOneof("kind") for e in deltas} == {"delta"}
    assert end.finished.usage.completion_tokens == 4007
    assert end.finished.choices[0].finish_reason == "stop"
    assert other.request_id == "b"
    whole = collect(events[:-1])
    assert whole[0][0] == text
    assert whole[1][:2] == ("short", [str(i) for i in range(3000)])
    counts = whole[1][2]
    assert counts == sorted(counts) and counts[0] < 2000 and counts[-1] == 4000


async def test_a_large_delta_counts_only_what_has_come(wire: Wire, session: GatewaySession) -> None:
    value = pb.Delta(text="x" * 9, completion_tokens=3010, logprobs=entries(3000, 1000))
    session.add(pb.Event(request_id="a", delta=value))
    await session.flushed()
    seen = 10
    events = [e for u in wire.updates for e in u.events]
    for event in events:
        seen += len(event.delta.logprobs)
        assert event.delta.completion_tokens == seen
    assert len(events) == 3
    assert collect(events)[0][:2] == ("x" * 9, [str(i) for i in range(3000)])


async def test_what_waits_is_joined_up_to_a_size(wire: Wire, session: GatewaySession) -> None:
    wire.gate.clear()
    session.add(delta("a", "first", 1))
    await asyncio.sleep(0)
    for i in range(2, 42):
        value = pb.Delta(text="y" * 100_000, completion_tokens=i, logprobs=entries(1, 100_000))
        session.add(pb.Event(request_id="a", delta=value))
    wire.gate.set()
    await session.flushed()
    events = [e for u in wire.updates for e in u.events][1:]
    assert max(e.ByteSize() for e in events) <= 1 << 20
    assert len(events) == 8, "five of them fit into one"
    text, tokens, counts = collect(events)[0]
    assert (text, len(tokens)) == ("y" * 4_000_000, 40)
    assert counts == [6, 11, 16, 21, 26, 31, 36, 41]


async def test_a_failure_that_repeats_a_large_prompt_is_short(
    wire: Wire, session: GatewaySession
) -> None:
    failed = pb.Failed(code="invalid_request", message="no " * (1 << 20))
    session.add(pb.Event(request_id="a", failed=failed))
    await session.flushed()
    (event,) = wire.updates[0].events
    assert event.failed.code == "invalid_request" and event.failed.message.startswith("no no ")
    assert event.ByteSize() < 5000


class OneSession(pb_grpc.WorkerServicer):
    """A worker that has sessions and nothing behind them."""

    def __init__(self) -> None:
        self.session = GatewaySession(1, "g")
        self.lost = False

    async def Session(self, requests: Any, context: Any) -> None:
        await anext(aiter(requests))
        await context.write(pb.FromWorker(welcome=pb.Welcome(protocol_version=1)))
        try:
            await self.session.run(context.write)
        finally:
            self.lost = True


@pytest.fixture
async def pair() -> AsyncIterator[tuple[OneSession, WorkerClient]]:
    """A worker and a gateway's client, with gRPC's limits between them."""
    worker = OneSession()
    server = grpc.aio.server(options=_OPTIONS)
    pb_grpc.add_WorkerServicer_to_server(worker, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    client = WorkerClient(f"127.0.0.1:{port}", gateway_id="g")
    await client.start()
    async with asyncio.timeout(20):
        await client.wait_ready()
    yield worker, client
    await client.close()
    await server.stop(0)


@pytest.mark.timeout(60)
async def test_an_answer_above_the_largest_message_takes_nobodys_session(
    pair: tuple[OneSession, WorkerClient],
) -> None:
    worker, client = pair
    neighbour, big = (client.submit(pb.Submit(request_id=i)) for i in ("neighbour", "big"))
    text = "x" * (MAX_MESSAGE + 1)
    worker.session.add(finished("big", text))
    worker.session.add(delta("neighbour", "still here", 1))

    async def until(stream: RequestStream, kind: str) -> list[pb.Event]:
        events = [await anext(stream)]
        while events[-1].WhichOneof("kind") not in (kind, "failed"):
            events.append(await anext(stream))
        return events

    async with asyncio.timeout(30):
        (first,) = await until(neighbour, "delta")
        assert first.delta.text == "still here"
        whole = collect(await until(big, "finished"))[0][0]
    assert len(whole) == len(text)  # pytest would compare the texts themselves for minutes
    assert client.ready and not worker.lost
