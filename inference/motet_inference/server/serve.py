"""A worker from its start to its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
import socket
import sys
from dataclasses import replace

import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from pydantic import ValidationError

from motet_inference.adapters.store import AdapterStore
from motet_inference.config import WorkerConfig
from motet_inference.models.config import ModelConfig
from motet_inference.models.errors import ModelError
from motet_inference.ranks.shard import Shard
from motet_inference.rpc import worker_pb2_grpc as pb_grpc
from motet_inference.rpc.client import MAX_MESSAGE
from motet_inference.server.engine_process import CannotStart, EngineProcess
from motet_inference.server.errors import UnsupportedTokenizer
from motet_inference.server.front import Front
from motet_inference.server.journal import Journal
from motet_inference.server.news import News
from motet_inference.server.registry import Registry
from motet_inference.server.service import WorkerService
from motet_inference.server.stats import Stats
from motet_inference.server.tokenizer import Tokenizer

SERVICE = "motet.inference.rpc.Worker"
_FLUSH_S = 2.0
_OPTIONS: list[tuple[str, int]] = [
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    # A gateway that is stopped or cut off sends no reset: only unanswered pings tell.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),
    # Gateways ping as often; the default would take that for abuse.
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    # Two workers on one port would each get a part of the gateways.
    ("grpc.so_reuseport", 0),
]

log = logging.getLogger(__name__)


class Worker:
    """All parts of one worker process, wired."""

    def __init__(self, config: WorkerConfig) -> None:
        """Raises ModelError, UnsupportedTokenizer, RuntimeError for a folder in use."""
        self._config = config
        shard = Shard(0, config.tensor_parallel)
        base = replace(ModelConfig.load(config.base), shard=shard)  # sizes that do not divide
        tokenizer = Tokenizer(config.base, max_position=base.max_position)
        self._store = AdapterStore(
            config.cache, limit=config.cache_mb << 20, s3_endpoint=config.s3_endpoint
        )
        self._journal = Journal(config.journal)
        stats = Stats()
        self._requests = Registry(stats, self._journal)
        self._front = Front(config, tokenizer, self._store, self._requests, stats)
        news = News(config, self._front, self._requests, stats, tokenizer)
        self._core = EngineProcess(config, news)
        self._front.core = self._core
        service = WorkerService(
            config,
            f"{socket.gethostname()}-{secrets.token_hex(4)}",
            front=self._front, news=news, core=self._core, store=self._store,
            requests=self._requests, stats=stats,
        )  # fmt: skip
        self._health = health.aio.HealthServicer()  # type: ignore[attr-defined]  # set at run time
        self._server = grpc.aio.server(options=_OPTIONS)
        pb_grpc.add_WorkerServicer_to_server(service, self._server)  # type: ignore[no-untyped-call]
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop`, then drain. Raises CannotStart, OSError for a port in use."""
        await self._set_health(serving=False)
        try:
            port = self._server.add_insecure_port(self._config.listen)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {self._config.listen}") from error
        await self._server.start()
        log.info("listening on port %d, loading %s", port, self._config.served_name)
        core = asyncio.create_task(self._core.run(), name="core")
        follower = asyncio.create_task(self._follow_core(), name="health")
        stopped = asyncio.create_task(stop.wait(), name="stop")
        try:
            await asyncio.wait({core, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if core.done():
                core.result()
            follower.cancel()
            await self._drain()
        finally:
            for task in (core, follower, stopped):
                task.cancel()
            await asyncio.gather(core, follower, stopped, return_exceptions=True)
            await self._close()

    async def _follow_core(self) -> None:
        """The health service says what the core is."""
        while True:
            await self._core.ready.wait()
            await self._set_health(serving=True)
            log.info("ready: %s on %s", self._config.served_name, self._config.listen)
            await self._core.lost.wait()
            await self._set_health(serving=False)

    async def _set_health(self, *, serving: bool) -> None:
        status = health_pb2.HealthCheckResponse
        for name in ("", SERVICE):
            await self._health.set(name, status.SERVING if serving else status.NOT_SERVING)

    async def _drain(self) -> None:
        """Nothing new; what runs may end; what does not in time is ended."""
        log.info("draining %d requests", len(self._requests))
        await self._set_health(serving=False)
        self._front.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._config.drain_s):
                await self._requests.drained()
        for request in self._requests.all():
            self._requests.fail(request, "draining", "The worker shut down.")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FLUSH_S):
                await asyncio.gather(*(s.flushed() for s in self._front.sessions))

    async def _close(self) -> None:
        await self._server.stop(grace=0.5)
        await self._core.stop()
        await self._store.close()
        self._front.close()
        self._journal.close()


async def serve(config: WorkerConfig) -> None:
    """One worker, until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await Worker(config).run(stop)


def main() -> int:
    """The process's exit status: 2 for settings that are wrong, 1 for a worker that cannot run."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s worker %(levelname)s %(message)s")
    try:
        config = WorkerConfig()  # type: ignore[call-arg]  # the environment gives the rest
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            print(f"MOTET_WORKER_{name}: {problem['msg']}", file=sys.stderr)
        return 2
    try:
        asyncio.run(serve(config))
    except (ModelError, UnsupportedTokenizer, CannotStart, RuntimeError, OSError) as error:
        log.error("%s", error)
        return 1
    return 0
