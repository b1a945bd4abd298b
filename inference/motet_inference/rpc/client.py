"""A gateway's side of its session with one worker. Needs grpc and the messages, nothing else."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque

import grpc
import grpc.aio

from motet_inference.rpc import worker_pb2 as pb
from motet_inference.rpc import worker_pb2_grpc as pb_grpc
from motet_inference.rpc.stream import RequestStream

__all__ = ["PROTOCOL_VERSION", "RequestStream", "WorkerClient", "WorkerUnavailable"]

PROTOCOL_VERSION = 1
MAX_MESSAGE = 64 * 1024 * 1024

_OUTBOX_LIMIT = 20_000
_HANDSHAKE_S = 10.0
_BACKOFF_S = (0.05, 2.0)
_OPTIONS: list[tuple[str, int]] = [
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    # A worker that is stopped or cut off sends no reset: only unanswered pings tell.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # Two clients of one process must not share a connection: they are separate sessions.
    ("grpc.use_local_subchannel_pool", 1),
]
_EOF = grpc.aio.EOF  # type: ignore[attr-defined]  # the stubs lack it

log = logging.getLogger(__name__)


class WorkerUnavailable(Exception):
    """No session with this worker takes new requests now; nothing was sent."""


class WorkerClient:
    """One session with one worker, reconnecting by itself until `close`.

    `welcome` is the last one received, also while the session is away. `running`, `waiting` and
    `resident` follow the worker's updates. Lives in the event loop that called `start`.
    """

    def __init__(self, target: str, *, gateway_id: str) -> None:
        self.target = target
        self.welcome: pb.Welcome | None = None
        self.draining = False
        self.running = 0
        self.waiting = 0
        self.resident: set[str] = set()
        self._gateway_id = gateway_id
        self._connected = False
        self._streams: dict[str, RequestStream] = {}
        self._outbox: deque[pb.ToWorker] = deque()
        self._outbox_news = asyncio.Event()
        self._ready_event = asyncio.Event()
        self._channel: grpc.aio.Channel | None = None
        self._stub: pb_grpc.WorkerStub | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether `submit` would be taken now."""
        return self._connected and not self.draining

    @property
    def inflight(self) -> int:
        """Requests sent by this client whose terminal event has not come yet."""
        return len(self._streams)

    async def start(self) -> None:
        """Begin connecting; returns at once. `wait_ready` waits for the first welcome."""
        if self._task is not None:
            raise RuntimeError("already started")
        self._channel = grpc.aio.insecure_channel(self.target, options=_OPTIONS)
        self._stub = pb_grpc.WorkerStub(self._channel)  # type: ignore[no-untyped-call]
        self._task = asyncio.create_task(self._run(), name=f"worker {self.target}")

    async def close(self) -> None:
        """End the session; its requests fail as `worker_lost`. May be called twice."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._channel is not None:
            await self._channel.close(None)

    async def wait_ready(self) -> None:
        """Return when the worker has welcomed this client; bound it with `asyncio.timeout`."""
        await self._ready_event.wait()

    def submit(self, message: pb.Submit) -> RequestStream:
        """Send a request. Raises WorkerUnavailable, and ValueError for an id in flight."""
        if not self.ready:
            raise WorkerUnavailable(f"worker {self.target} takes no requests now")
        if len(self._outbox) >= _OUTBOX_LIMIT:
            raise WorkerUnavailable(f"worker {self.target} does not read its session")
        if message.request_id in self._streams:
            raise ValueError(f"request {message.request_id} is in flight already")
        stream = RequestStream(message.request_id, self._send)
        self._streams[message.request_id] = stream
        self._send(pb.ToWorker(submit=message))
        return stream

    async def stats(self, timeout: float = 5) -> pb.StatsReply:  # noqa: ASYNC109
        """The worker's counters. Raises WorkerUnavailable."""
        if self._stub is None:
            raise WorkerUnavailable("not started")
        try:
            reply: pb.StatsReply = await self._stub.Stats(pb.StatsRequest(), timeout=timeout)
        except grpc.aio.AioRpcError as error:
            raise WorkerUnavailable(f"worker {self.target}: {error.code().name}") from error
        return reply

    def _send(self, message: pb.ToWorker) -> None:
        self._outbox.append(message)
        self._outbox_news.set()

    async def _run(self) -> None:
        delay, longest = _BACKOFF_S
        while True:
            try:
                await self._session()
            except (grpc.aio.AioRpcError, TimeoutError, ConnectionError) as error:
                log.debug("session with %s: %r", self.target, error)
            except Exception:  # whatever it was, the next session must still come
                log.exception("session with %s", self.target)
            finally:
                welcomed, self._connected = self._connected, False
                self._lose_streams()
            delay = _BACKOFF_S[0] if welcomed else min(delay * 2, longest)
            # Jitter, so that the gateways of a restarted worker do not come back as one.
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311

    async def _session(self) -> None:
        assert self._stub is not None
        call = self._stub.Session()
        writer: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(_HANDSHAKE_S):
                hello = pb.Hello(protocol_version=PROTOCOL_VERSION, gateway_id=self._gateway_id)
                await call.write(pb.ToWorker(hello=hello))
                self._greet(await call.read())
            writer = asyncio.create_task(self._write(call))
            while (message := await call.read()) is not _EOF:
                self._receive(message)
        finally:
            if writer is not None:
                writer.cancel()
                await asyncio.gather(writer, return_exceptions=True)
            call.cancel()

    def _greet(self, message: pb.FromWorker) -> None:
        if message is _EOF or message.WhichOneof("message") != "welcome":
            raise ConnectionError("the session ended before its welcome")
        if message.welcome.protocol_version != PROTOCOL_VERSION:
            version = message.welcome.protocol_version
            log.error(
                "worker %s speaks protocol %d, not %d", self.target, version, PROTOCOL_VERSION
            )
            raise ConnectionError("protocol version")
        self.welcome = message.welcome
        self.resident = set(message.welcome.resident)
        self.running = self.waiting = 0
        self.draining = False
        self._outbox.clear()
        self._connected = True
        self._ready_event.set()

    async def _write(self, call: grpc.aio.StreamStreamCall[pb.ToWorker, pb.FromWorker]) -> None:
        while True:
            await self._outbox_news.wait()
            self._outbox_news.clear()
            while self._outbox:
                await call.write(self._outbox.popleft())

    def _receive(self, message: pb.FromWorker) -> None:
        kind = message.WhichOneof("message")
        if kind == "draining":
            self.draining = True
            self._ready_event.clear()
        elif kind == "update":
            update = message.update
            self.running, self.waiting = update.running, update.waiting
            self.resident.difference_update(update.evicted)
            self.resident.update(update.loaded)
            for event in update.events:
                stream = self._streams.get(event.request_id)
                if stream is not None and stream.push(event):
                    del self._streams[event.request_id]

    def _lose_streams(self) -> None:
        self._ready_event.clear()
        self._outbox.clear()
        self.running = self.waiting = 0
        streams, self._streams = self._streams, {}
        for request_id, stream in streams.items():
            failed = pb.Failed(code="worker_lost", message="The connection to the worker was lost.")
            stream.push(pb.Event(request_id=request_id, failed=failed))
