"""The gateway's side of a session, against a scripted worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.rpc.client import WorkerClient, WorkerUnavailable

pytestmark = pytest.mark.timeout(30)


@pytest.fixture
async def client(worker: Any) -> AsyncIterator[WorkerClient]:
    client = WorkerClient(f"127.0.0.1:{worker.port}", gateway_id="gateway-1")
    yield client
    await client.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the client offers no event for it
            await asyncio.sleep(0.01)


async def start(client: WorkerClient) -> None:
    await client.start()
    async with asyncio.timeout(10):
        await client.wait_ready()


def update(*events: pb.Event, **fields: Any) -> pb.FromWorker:
    return pb.FromWorker(update=pb.StepUpdate(events=events, **fields))


def delta(request_id: str, text: str) -> pb.Event:
    return pb.Event(request_id=request_id, delta=pb.Delta(text=text))


def finished(request_id: str) -> pb.Event:
    usage = pb.Usage(prompt_tokens=1, completion_tokens=2)
    return pb.Event(request_id=request_id, finished=pb.Finished(usage=usage))


async def forever(worker: Any, context: Any) -> None:
    await asyncio.Event().wait()


async def test_it_works(worker: Any, client: WorkerClient) -> None:
    async def script(worker: Any, context: Any) -> None:
        for _ in range(2):
            await worker.received.get()
        await context.write(update(delta("a", "Hel"), delta("b", "x"), running=2, waiting=1))
        await context.write(update(delta("a", "lo"), finished("a"), loaded=["n"], evicted=["old"]))
        await forever(worker, context)

    worker.script = script
    await start(client)
    assert (worker.hello.protocol_version, worker.hello.gateway_id) == (1, "gateway-1")
    assert client.resident == {"old"}
    a, b = (client.submit(pb.Submit(request_id=i)) for i in "ab")
    assert client.inflight == 2
    kinds = [(e.WhichOneof("kind"), e.delta.text) async for e in a]
    assert kinds == [("delta", "Hel"), ("delta", "lo"), ("finished", "")]
    assert client.resident == {"n"}
    assert client.inflight == 1
    event = b.get_nowait()
    assert event is not None and event.delta.text == "x"
    assert b.get_nowait() is None


async def test_running_and_waiting_follow_the_updates(worker: Any, client: WorkerClient) -> None:
    async def script(worker: Any, context: Any) -> None:
        await context.write(update(running=3, waiting=5))
        await forever(worker, context)

    worker.script = script
    await start(client)
    await until(lambda: (client.running, client.waiting) == (3, 5))


async def test_extend_and_cancel_reach_the_worker(worker: Any, client: WorkerClient) -> None:
    worker.script = forever
    await start(client)
    stream = client.submit(pb.Submit(request_id="a"))
    stream.extend(prompt_budget=10, output_budget=20, last=True)
    stream.cancel()
    assert (await worker.received.get()).submit.request_id == "a"
    extend = (await worker.received.get()).extend
    assert (extend.prompt_budget, extend.output_budget, extend.last) == (10, 20, True)
    assert (await worker.received.get()).cancel.request_id == "a"


async def test_a_lost_session_ends_its_requests_and_comes_back(
    worker: Any, client: WorkerClient
) -> None:
    worker.script = forever
    await start(client)
    stream = client.submit(pb.Submit(request_id="a"))
    await worker.stop()
    events = [event async for event in stream]
    assert [e.failed.code for e in events] == ["worker_lost"]
    assert client.inflight == 0
    with pytest.raises(WorkerUnavailable):
        client.submit(pb.Submit(request_id="b"))
    await worker.start()
    await until(lambda: client.ready)
    assert worker.sessions == 2
    client.submit(pb.Submit(request_id="a"))


async def test_a_worker_that_ends_the_session_in_peace_is_lost_too(
    worker: Any, client: WorkerClient
) -> None:
    async def script(worker: Any, context: Any) -> None:
        await worker.received.get()

    worker.script = script
    await start(client)
    events = [event async for event in client.submit(pb.Submit(request_id="a"))]
    assert [e.failed.code for e in events] == ["worker_lost"]


async def test_a_draining_worker_takes_no_new_requests_and_ends_the_old(
    worker: Any, client: WorkerClient
) -> None:
    async def script(worker: Any, context: Any) -> None:
        await worker.received.get()
        await context.write(pb.FromWorker(draining=pb.Draining()))
        await context.write(update(finished("a")))
        await forever(worker, context)

    worker.script = script
    await start(client)
    stream = client.submit(pb.Submit(request_id="a"))
    events = [event async for event in stream]
    assert [e.WhichOneof("kind") for e in events] == ["finished"]
    assert client.draining and not client.ready
    with pytest.raises(WorkerUnavailable):
        client.submit(pb.Submit(request_id="b"))


async def test_another_protocol_version_is_not_spoken(worker: Any, client: WorkerClient) -> None:
    worker.script = forever
    worker.protocol_version = 2
    await client.start()
    await until(lambda: worker.sessions >= 2)
    assert not client.ready


async def test_an_id_in_flight_is_not_sent_twice(worker: Any, client: WorkerClient) -> None:
    worker.script = forever
    await start(client)
    client.submit(pb.Submit(request_id="a"))
    with pytest.raises(ValueError, match="in flight"):
        client.submit(pb.Submit(request_id="a"))


async def test_stats(worker: Any, client: WorkerClient) -> None:
    worker.script = forever
    with pytest.raises(WorkerUnavailable):
        await client.stats()
    await start(client)
    assert (await client.stats()).steps == 7
    await worker.stop()
    with pytest.raises(WorkerUnavailable):
        await client.stats()


async def test_close_ends_what_is_open(worker: Any, client: WorkerClient) -> None:
    worker.script = forever
    await start(client)
    stream = client.submit(pb.Submit(request_id="a"))
    await client.close()
    assert [e.failed.code async for e in stream] == ["worker_lost"]
    await client.close()
