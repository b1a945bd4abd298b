"""The gRPC face of a worker: sessions and statistics."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator
from typing import Any

import grpc

from motet_inference.adapters.store import AdapterStore
from motet_inference.config import WorkerConfig
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.rpc import worker_pb2_grpc as pb_grpc
from motet_inference.rpc.client import PROTOCOL_VERSION
from motet_inference.server.engine_process import EngineProcess
from motet_inference.server.front import Front
from motet_inference.server.news import News
from motet_inference.server.registry import Registry
from motet_inference.server.session import GatewaySession
from motet_inference.server.stats import Stats

# How often a session that has no requests of its own hears how busy the worker is.
_LOAD_PERIOD_S = 0.25

log = logging.getLogger(__name__)


class WorkerService(pb_grpc.WorkerServicer):
    """See worker.proto."""

    def __init__(
        self,
        config: WorkerConfig,
        worker_id: str,
        *,
        front: Front,
        news: News,
        core: EngineProcess,
        store: AdapterStore,
        requests: Registry,
        stats: Stats,
    ) -> None:
        self._config, self._worker_id = config, worker_id
        self._front, self._news, self._core = front, news, core
        self._store, self._requests, self._stats = store, requests, stats
        self._numbers = itertools.count(1)

    async def Session(
        self,
        requests: AsyncIterator[pb.ToWorker],
        context: grpc.aio.ServicerContext[pb.ToWorker, pb.FromWorker],
    ) -> None:
        """Runs until the gateway leaves, breaks off, or the server stops."""
        gateway_id = await self._greet(requests, context)
        session = GatewaySession(next(self._numbers), gateway_id)
        self._front.open_session(session)
        tasks = [
            asyncio.create_task(self._read(session, requests)),
            asyncio.create_task(session.run(context.write)),
            asyncio.create_task(self._tell_load(session)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._front.close_session(session)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            log.info("gateway %s left", gateway_id)

    async def Stats(self, request: pb.StatsRequest, context: Any) -> pb.StatsReply:
        """Counters since the start of this worker's front."""
        reply = self._stats.reply(on_disk=self._store.digests, pins=self._requests.pins())
        reply.worker_id = self._worker_id
        reply.role = pb.ROLE_UNIFIED
        reply.base_model = self._config.served_name
        reply.ready = self._core.ready.is_set() and not self._front.draining
        reply.slots_total = self._config.slots
        reply.core_restarts = self._core.restarts
        reply.tensor_parallel = self._config.tensor_parallel
        if self._news.info is not None:
            reply.blocks_total = self._news.info.num_blocks
        return reply

    async def _greet(
        self,
        requests: AsyncIterator[pb.ToWorker],
        context: grpc.aio.ServicerContext[pb.ToWorker, pb.FromWorker],
    ) -> str:
        """Answer Hello with Welcome; -> the gateway's id."""
        first = await anext(aiter(requests), None)
        if first is None or first.WhichOneof("message") != "hello":
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the first message is no hello")
        assert first is not None
        if first.hello.protocol_version != PROTOCOL_VERSION:
            message = f"this worker speaks protocol {PROTOCOL_VERSION}"
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, message)
        if not self._core.ready.is_set() or self._front.limits is None:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the engine is starting")
        assert self._front.limits is not None
        welcome = pb.Welcome(
            protocol_version=PROTOCOL_VERSION,
            worker_id=self._worker_id,
            role=pb.ROLE_UNIFIED,
            base_model=self._config.served_name,
            max_context=self._front.limits.max_context,
            max_rank=self._config.max_rank,
            max_requests=self._config.max_batch,
            resident=self._stats.tiers.gpu,
        )
        await context.write(pb.FromWorker(welcome=welcome))
        log.info("gateway %s came", first.hello.gateway_id[:128])
        return first.hello.gateway_id[:128]

    async def _read(self, session: GatewaySession, requests: AsyncIterator[pb.ToWorker]) -> None:
        async for message in requests:
            self._front.receive(session, message)

    async def _tell_load(self, session: GatewaySession) -> None:
        while True:
            await asyncio.sleep(_LOAD_PERIOD_S)
            session.send_load()
