"""A worker that does what a test scripts, behind a real gRPC server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc.aio
import pytest
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.rpc import worker_pb2_grpc as pb_grpc

Script = Callable[["ScriptedWorker", Any], Awaitable[None]]


class ScriptedWorker(pb_grpc.WorkerServicer):
    """Welcomes, then runs `script(self, context)`; `received` holds what came after."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[pb.ToWorker] = asyncio.Queue()
        self.script: Script | None = None
        self.sessions = 0
        self.hello = pb.Hello()
        self.protocol_version = 1
        self.port = 0
        self._server: grpc.aio.Server | None = None

    async def Session(self, requests: Any, context: Any) -> None:
        self.sessions += 1
        self.hello = (await anext(aiter(requests))).hello
        welcome = pb.Welcome(protocol_version=self.protocol_version, resident=["old"])
        await context.write(pb.FromWorker(welcome=welcome))
        reader = asyncio.create_task(self._read(requests))
        try:
            assert self.script is not None
            await self.script(self, context)
        finally:
            reader.cancel()

    async def _read(self, requests: Any) -> None:
        async for message in requests:
            await self.received.put(message)

    async def Stats(self, request: pb.StatsRequest, context: Any) -> pb.StatsReply:
        return pb.StatsReply(worker_id="scripted", steps=7)

    async def start(self) -> None:
        self._server = grpc.aio.server()
        pb_grpc.add_WorkerServicer_to_server(self, self._server)  # type: ignore[no-untyped-call]
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        await self._server.start()

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop(grace=0)
            self._server = None


@pytest.fixture
async def worker() -> AsyncIterator[ScriptedWorker]:
    worker = ScriptedWorker()
    await worker.start()
    yield worker
    await worker.stop()
