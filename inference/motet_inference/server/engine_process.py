"""The front's hold on the engine core: starts it, talks to it, starts it again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from typing import Protocol

from motet_inference.config import WorkerConfig
from motet_inference.engine.messages import (
    Shutdown,
    StepOutput,
    ToCore,
    decode_step_output,
    encode,
)
from motet_inference.server import wire

_BACKOFF_S = (0.1, 5.0)
_STOP_S = 5.0

log = logging.getLogger(__name__)


class CannotStart(Exception):
    """The first core ended before it was ready; it has said why."""


class Listener(Protocol):
    """Who wants to hear of the core."""

    def on_core_ready(self, info: wire.CoreInfo) -> None: ...
    def on_step(self, output: StepOutput) -> None: ...
    def on_tiers(self, tiers: wire.Tiers) -> None: ...
    def on_core_lost(self) -> None: ...


class EngineProcess:
    """One core at a time.

    `ready` is set while it serves and `lost` while it does not; `restarts` counts the cores after
    the first.
    """

    def __init__(self, config: WorkerConfig, listener: Listener) -> None:
        self.ready = asyncio.Event()
        self.lost = asyncio.Event()
        self.lost.set()
        self.restarts = 0
        self.pid: int | None = None
        self._config = config
        self._listener = listener
        self._writer: asyncio.StreamWriter | None = None
        self._process: asyncio.subprocess.Process | None = None

    def send(self, message: ToCore) -> None:
        """To the core that is there; what was meant for one that is gone has ended with it."""
        if self._writer is not None:
            self._writer.write(wire.frame(wire.TO_CORE, encode(message)))

    async def run(self) -> None:
        """Keep a core running until cancelled. Raises CannotStart if the first never served."""
        delay = _BACKOFF_S[0]
        while True:
            served = await self._one_core()
            if not served and not self.restarts:
                raise CannotStart("the engine core did not start")
            delay = _BACKOFF_S[0] if served else min(2 * delay, _BACKOFF_S[1])
            log.error("the engine core is gone; a new one starts in %.1f s", delay)
            await asyncio.sleep(delay)
            self.restarts += 1

    async def stop(self) -> None:
        """Ask the core to end after its step, and see to it. Call after `run` was cancelled."""
        process, self._process = self._process, None
        if process is None:
            return
        self.send(Shutdown())
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        self._close_writer()

    async def _one_core(self) -> bool:
        """One core from its start to its end; -> whether it ever served."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "motet_inference.server.core",
                str(theirs.fileno()), self._config.model_dump_json(by_alias=False),
                pass_fds=[theirs.fileno()],
            )  # fmt: skip
        self.pid = self._process.pid
        reader, self._writer = await asyncio.open_unix_connection(sock=ours, limit=1 << 20)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await self._read(reader)
        # A core that broke off its pipe is of no use even if it should still run.
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        code = await self._process.wait()
        log.error("the engine core ended with %s", code)
        self._process, self.pid = None, None
        served = self.ready.is_set()
        self.ready.clear()
        self.lost.set()
        self._close_writer()
        self._listener.on_core_lost()
        return served

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            length, kind = wire.HEADER.unpack(await reader.readexactly(wire.HEADER.size))
            body = await reader.readexactly(length)
            match kind:
                case wire.STEP:
                    self._listener.on_step(decode_step_output(body))
                case wire.READY:
                    self._listener.on_core_ready(wire.decode_info(body))
                    self.lost.clear()
                    self.ready.set()
                case wire.TIERS:
                    self._listener.on_tiers(wire.decode_tiers(body))

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
