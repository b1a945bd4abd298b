"""A real worker on loopback: its processes, its streams, its ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.rpc.client import RequestStream, WorkerClient
from motet_platform.supervisor.testing import free_port

pytestmark = pytest.mark.timeout(120)
PATIENCE_S = 60


class RunningWorker:
    """`python -m motet_inference` and one gateway of it."""

    def __init__(self, environment: dict[str, str], port: int, journal: Path) -> None:
        self._environment = environment
        self.target = f"127.0.0.1:{port}"
        self.journal = journal
        self.client = WorkerClient(self.target, gateway_id="gateway-1")
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "motet_inference", env=self._environment
        )
        await self.client.start()
        async with asyncio.timeout(PATIENCE_S):
            await self.client.wait_ready()

    def core(self) -> int:
        """The process id of its engine core."""
        assert self.process is not None
        (core,) = children(self.process.pid)
        return core

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal the worker; its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()

    async def close(self) -> None:
        await self.client.close()
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def health(self) -> int:
        async with grpc.aio.insecure_channel(self.target) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            reply = await stub.Check(health_pb2.HealthCheckRequest(service=""), timeout=10)
            return int(reply.status)


@pytest.fixture
async def make_worker(base: Path, tmp_path: Path) -> AsyncIterator[Callable[..., RunningWorker]]:
    made: list[RunningWorker] = []

    def make(**settings: object) -> RunningWorker:
        port = free_port()
        journal = tmp_path / "journal.jsonl"
        values: dict[str, object] = {
            "listen": f"127.0.0.1:{port}",
            "base": base,
            "cache": tmp_path / "cache",
            "journal": journal,
            "max_batch": 16,
            "slots": 2,
            "max_rank": 8,
            "threads": 1,
            "drain_s": 20,
            **settings,
        }
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MOTET_")}
        environment |= {f"MOTET_WORKER_{k.upper()}": str(v) for k, v in values.items()}
        made.append(RunningWorker(environment, port, journal))
        return made[-1]

    yield make
    for worker in made:
        await worker.close()


@pytest.fixture
async def worker(make_worker: Callable[..., RunningWorker]) -> RunningWorker:
    worker = make_worker()
    await worker.start()
    return worker


async def collect(stream: RequestStream) -> list[pb.Event]:
    async with asyncio.timeout(PATIENCE_S):
        return [event async for event in stream]


async def first_delta(stream: RequestStream) -> pb.Event:
    async with asyncio.timeout(PATIENCE_S):
        async for event in stream:
            if event.WhichOneof("kind") == "delta":
                return event
            assert event.WhichOneof("kind") not in ("failed", "finished"), event
    raise AssertionError("the stream ended")


def children(pid: int) -> list[int]:
    """The processes that its main thread has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def ended(*pids: int) -> None:
    """Wait until none of them runs."""
    async with asyncio.timeout(PATIENCE_S):
        while any(runs(pid) for pid in pids):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def runs(pid: int) -> bool:
    """Whether it is there and no zombie, which nobody may collect where the tests run."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def text(events: list[pb.Event]) -> str:
    return "".join(event.delta.text for event in events)


async def test_many_streams_over_several_adapters(
    worker: RunningWorker, make_submit: Any, make_adapter: Any
) -> None:
    adapters = [None, *(make_adapter(f"a{i}", seed=i, rank=2 + 2 * i) for i in range(3))]

    async def one(i: int, *, stream: bool = True) -> tuple[list[pb.Event], pb.Usage]:
        adapter = adapters[i % 4]
        fields = {} if adapter is None else {"adapter": adapter}
        sampling = {"max_tokens": 24, "ignore_eos": True}
        submit = make_submit(f"r{i}-{stream}", sampling=sampling, stream=stream, **fields)
        events = await collect(worker.client.submit(submit))
        assert events[-1].WhichOneof("kind") == "finished", events[-1]
        return events, events[-1].finished.usage

    alone = [await one(i) for i in range(100, 104)]
    together = await asyncio.gather(*(one(i) for i in range(20)))
    whole = await asyncio.gather(*(one(i, stream=False) for i in range(4)))
    texts = [text(events) for events, _ in alone]
    assert len(set(texts)) == 4, "each adapter has a voice of its own"
    for i, (events, usage) in enumerate(together):
        assert text(events) == texts[i % 4], "who is in the batch changes nothing"
        deltas = [e.delta.completion_tokens for e in events if e.HasField("delta")]
        assert deltas == sorted(deltas)
        assert usage.completion_tokens == 24
    for i, (events, _) in enumerate(whole):
        assert [e.WhichOneof("kind") for e in events] == ["accepted", "finished"]
        assert events[-1].finished.choices[0].text == texts[i]
    stats = await worker.client.stats()
    assert stats.ready and stats.steps_mixed > 0 and stats.slots_total == 2
    assert stats.completion_tokens == 28 * 24
    assert stats.running == stats.waiting == 0
    assert stats.blocks_free == stats.blocks_total > 0
    states = sorted(adapter.state for adapter in stats.adapters)
    assert states == ["gpu", "gpu", "host"]
    resident = {a.digest for a in stats.adapters if a.state == "gpu"}
    assert worker.client.resident == resident
    assert sum(a.requests for a in stats.adapters) == 21
    assert len(worker.journal.read_text().splitlines()) == 28


async def test_bad_input_hurts_nobody_else(
    worker: RunningWorker, make_submit: Any, make_adapter: Any
) -> None:
    good = worker.client.submit(make_submit("good", sampling={"max_tokens": 60}))
    wrong, empty = make_adapter("wrong", seed=1), make_adapter("empty", seed=2)
    wrong.digest = "f" * 64
    empty.uri = "file:///nowhere"
    cases = {
        "adapter_digest_mismatch": make_submit("mismatch", adapter=wrong),
        "adapter_unavailable": make_submit("nowhere", adapter=empty),
        "invalid_request": make_submit("nan", sampling={"top_p": float("nan")}),
        "context_length_exceeded": make_submit("long", text="The quick brown fox. " * 400),
        "model_not_served": make_submit("model", base_model="gpt"),
        "insufficient_credit": make_submit("poor", output_budget=0),
    }
    streams = {code: worker.client.submit(submit) for code, submit in cases.items()}
    streams["insufficient_credit"].extend(prompt_budget=0, output_budget=0, last=True)
    for code, stream in streams.items():
        assert (await collect(stream))[-1].failed.code == code
    assert (await collect(good))[-1].WhichOneof("kind") == "finished"


async def test_a_budget_is_not_overrun_and_can_grow(
    worker: RunningWorker, make_submit: Any
) -> None:
    sampling = {"max_tokens": 100, "ignore_eos": True}
    stream = worker.client.submit(make_submit(output_budget=10, sampling=sampling))
    events: list[pb.Event] = []
    async for event in stream:
        events.append(event)
        if event.WhichOneof("kind") == "budget_low":
            break
    stream.extend(prompt_budget=1000, output_budget=30, last=True)
    events += await collect(stream)
    finished = events[-1].finished
    assert finished.choices[0].finish_reason == "budget"
    assert finished.usage.completion_tokens == 30


async def test_cancel_and_a_gateway_that_leaves(worker: RunningWorker, make_submit: Any) -> None:
    sampling = {"max_tokens": 400, "ignore_eos": True}
    stream = worker.client.submit(make_submit("a", sampling=sampling))
    await first_delta(stream)
    stream.cancel()
    failed = (await collect(stream))[-1].failed
    assert failed.code == "cancelled"
    assert 0 < failed.usage.completion_tokens < 400
    other = WorkerClient(worker.target, gateway_id="gateway-2")
    await other.start()
    async with asyncio.timeout(PATIENCE_S):
        await other.wait_ready()
    await first_delta(other.submit(make_submit("a", sampling=sampling)))
    await other.close()
    async with asyncio.timeout(PATIENCE_S):
        while (await worker.client.stats()).running:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    lines = [json.loads(line) for line in worker.journal.read_text().splitlines()]
    assert [(x["gateway_id"], x["outcome"]) for x in lines] == [
        ("gateway-1", "cancelled"),
        ("gateway-2", "cancelled"),
    ]
    assert lines[1]["completion_tokens"] < 400


async def test_a_killed_core_is_said_and_replaced(
    worker: RunningWorker, make_submit: Any, make_adapter: Any
) -> None:
    adapter = make_adapter("a")
    sampling = {"max_tokens": 400, "ignore_eos": True}
    stream = worker.client.submit(make_submit("a", sampling=sampling, adapter=adapter))
    await first_delta(stream)
    assert await worker.health() == health_pb2.HealthCheckResponse.SERVING
    os.kill(worker.core(), signal.SIGKILL)
    failed = (await collect(stream))[-1].failed
    assert failed.code == "engine_crashed"
    assert 0 < failed.usage.completion_tokens < 400
    assert await worker.health() == health_pb2.HealthCheckResponse.NOT_SERVING
    assert worker.client.resident == set()
    # Asked for while there is no core: it waits for the next one.
    waited = await collect(worker.client.submit(make_submit("b", adapter=adapter)))
    assert waited[-1].WhichOneof("kind") == "finished"
    assert await worker.health() == health_pb2.HealthCheckResponse.SERVING
    assert (await worker.client.stats()).core_restarts == 1


async def test_a_stop_lets_what_runs_end(worker: RunningWorker, make_submit: Any) -> None:
    sampling = {"max_tokens": 120, "ignore_eos": True}
    stream = worker.client.submit(make_submit("a", sampling=sampling))
    await first_delta(stream)
    core = worker.core()
    ending = asyncio.create_task(worker.end())
    events = await collect(stream)
    assert events[-1].finished.usage.completion_tokens == 120
    assert await ending == 0
    assert not worker.client.ready
    assert not runs(core)


async def test_a_stop_does_not_wait_for_ever(
    make_worker: Callable[..., RunningWorker], make_submit: Any
) -> None:
    worker = make_worker(drain_s=0)
    await worker.start()
    sampling = {"max_tokens": 450, "ignore_eos": True}
    stream = worker.client.submit(make_submit("a", sampling=sampling))
    await first_delta(stream)
    assert await worker.end(signal.SIGINT) == 0
    failed = (await collect(stream))[-1].failed
    assert failed.code == "draining"
    assert failed.usage.completion_tokens > 0


async def test_no_core_outlives_its_front(worker: RunningWorker, make_submit: Any) -> None:
    stream = worker.client.submit(make_submit("a", sampling={"max_tokens": 400}))
    await first_delta(stream)
    core = worker.core()
    await worker.end(signal.SIGKILL)
    assert (await collect(stream))[-1].failed.code == "worker_lost"
    await ended(core)


async def test_a_base_on_two_ranks_and_one_of_them_killed(
    make_worker: Callable[..., RunningWorker],
    worker: RunningWorker,
    make_submit: Any,
    make_adapter: Any,
) -> None:
    adapters = [None, make_adapter("a"), make_adapter("b", seed=1), make_adapter("c", seed=2)]
    fields = [{} if adapter is None else {"adapter": adapter} for adapter in adapters]

    async def texts(worker: RunningWorker) -> list[str]:
        streams = [
            worker.client.submit(make_submit(f"r{i}", sampling={"max_tokens": 40}, **fields[i]))
            for i in range(4)
        ]
        return [text(events) for events in await asyncio.gather(*map(collect, streams))]

    expected = await texts(worker)
    assert (await worker.client.stats()).tensor_parallel == 1
    await worker.end()
    pair = make_worker(tensor_parallel=2)
    await pair.start()
    assert await texts(pair) == expected
    assert (await pair.client.stats()).tensor_parallel == 2
    core = pair.core()
    (follower,) = children(core)
    stream = pair.client.submit(make_submit("a", sampling={"max_tokens": 400, "ignore_eos": True}))
    await first_delta(stream)
    os.kill(follower, signal.SIGKILL)
    failed = (await collect(stream))[-1].failed
    assert failed.code == "engine_crashed" and failed.usage.completion_tokens > 0
    assert not runs(core)
    assert await texts(pair) == expected
    assert (await pair.client.stats()).core_restarts == 1
    core, (follower,) = pair.core(), children(pair.core())
    assert await pair.end() == 0
    assert not runs(core) and not runs(follower)


async def test_no_rank_outlives_its_core(
    make_worker: Callable[..., RunningWorker], make_submit: Any
) -> None:
    worker = make_worker(tensor_parallel=2)
    await worker.start()
    core = worker.core()
    followers = children(core)
    assert len(followers) == 1
    stream = worker.client.submit(make_submit("a", sampling={"max_tokens": 400}))
    await first_delta(stream)
    os.kill(core, signal.SIGKILL)
    assert (await collect(stream))[-1].failed.code == "engine_crashed"
    await ended(*followers)
    await worker.end(signal.SIGKILL)


@pytest.mark.parametrize(
    ("settings", "status", "says"),
    [
        ({"listen": "nowhere"}, 2, "MOTET_WORKER_LISTEN"),
        ({"max_context": 513}, 1, "MOTET_WORKER_MAX_CONTEXT"),
        ({"tensor_parallel": 0}, 2, "MOTET_WORKER_TENSOR_PARALLEL"),
        ({"tensor_parallel": 3}, 1, "3 ranks"),
        ({"tensor_parallel": 2, "device": "cuda:97"}, 1, "CUDA device"),
    ],
)
async def test_wrong_settings_end_the_start(
    settings: dict[str, object], status: int, says: str, make_worker: Callable[..., RunningWorker]
) -> None:
    worker = make_worker(**settings)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "motet_inference", env=worker._environment,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE_S):
        _, errors = await process.communicate()
    assert process.returncode == status
    assert says in errors.decode()
