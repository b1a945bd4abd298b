"""The engine core: a process of its own, so that no Python of the front delays a step.

Started by the front as `python -m motet_inference.server.core <fd> <config>`.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import time
from typing import NoReturn, Protocol

from motet_inference.engine import messages as m
from motet_inference.server import wire

# How long to wait between looks while everything hangs on an adapter that is being loaded.
_PAUSE_S = 0.002
_WARM_PAUSE_S = 0.02
_WARM_PATIENCE_S = 60.0
# A step that lost a rank fails a moment before the rank's end is seen.
_LOSS_S = 1.0
CANNOT_START = 3
SWITCH_S = 0.0005

log = logging.getLogger(__name__)


class EngineLike(Protocol):
    """The part of engine.Engine that the loop drives."""

    @property
    def has_work(self) -> bool: ...
    def add(self, add: m.Add) -> None: ...
    def extend(self, extend: m.Extend) -> None: ...
    def cancel(self, request_id: str) -> None: ...
    def stop_choice(self, request_id: str, index: int) -> None: ...
    def warm(self, ref: m.AdapterRef) -> None: ...
    def step(self) -> m.StepOutput: ...
    def check_integrity(self) -> None: ...


class PipeLike(Protocol):
    """See pipe.CorePipe."""

    def receive(self, *, timeout: float | None) -> list[m.ToCore]: ...
    def send(self, kind: wire.Kind, body: bytes) -> None: ...


class SlotsLike(Protocol):
    """See adapters.slots.AdapterSlots."""

    def tiers(self) -> tuple[list[str], list[str]]: ...
    def check_integrity(self) -> None: ...


class CoreLoop:
    """Takes in what has come, steps, tells; sleeps when there is nothing to do."""

    def __init__(self, engine: EngineLike, slots: SlotsLike, pipe: PipeLike) -> None:
        self._engine, self._slots, self._pipe = engine, slots, pipe
        self._warming: dict[str, float] = {}  # digest -> when to stop looking for it
        self._idle = False

    def run(self) -> None:
        """Until Shutdown. An error of the engine ends the process: its state is in doubt."""
        pause: float | None = 0.0
        while True:
            for message in self._pipe.receive(timeout=pause):
                if isinstance(message, m.Shutdown):
                    return
                self._take(message)
            pause = self._step()

    def _take(self, message: m.ToCore) -> None:
        match message:
            case m.Add():
                self._engine.add(message)
            case m.Extend():
                self._engine.extend(message)
            case m.Cancel():
                self._engine.cancel(message.request_id)
            case m.StopChoice():
                self._engine.stop_choice(message.request_id, message.index)
            case m.Load() if message.adapter.digest not in self._slots.tiers()[0]:
                self._warming[message.adapter.digest] = time.monotonic() + _WARM_PATIENCE_S
                self._engine.warm(message.adapter)

    def _step(self) -> float | None:
        """One step, if there is work; -> how long to wait for the next message, None for ever."""
        if not self._engine.has_work and not self._warming:
            if not self._idle:
                self._engine.check_integrity()
                self._slots.check_integrity()
            self._idle = True
            return None
        self._idle = False
        output = self._engine.step()
        if _is_news(output):
            self._pipe.send(wire.STEP, m.encode(output))
        if output.loaded or output.evicted:
            gpu, host = self._slots.tiers()
            self._pipe.send(wire.TIERS, wire.encode(wire.Tiers(gpu=gpu, host=host)))
        now = time.monotonic()
        arrived = set(output.loaded)
        self._warming = {
            d: until for d, until in self._warming.items() if until > now and d not in arrived
        }
        if output.num_tokens:
            return 0.0
        return _PAUSE_S if self._engine.has_work else _WARM_PAUSE_S


def _is_news(output: m.StepOutput) -> bool:
    return bool(
        output.num_tokens
        or output.tokens
        or output.choice_ends
        or output.low
        or output.ended
        or output.refused
        or output.loaded
        or output.evicted
    )


def main() -> None:
    """Build the engine, say so, loop."""
    # A stop is the front's to handle: it drains first, then tells the core or closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # Imported late, so that what the loop's tests need does not load torch.
    from motet_inference.config import WorkerConfig
    from motet_inference.models.errors import ModelError
    from motet_inference.server.build import build_engine, start_followers
    from motet_inference.server.pipe import CorePipe

    logging.basicConfig(level=logging.INFO, format="%(asctime)s core %(levelname)s %(message)s")
    # The loop waits for the interpreter up to so long, several times a step, while the adapters'
    # thread is at work; 5 ms, the default, is half a step.
    sys.setswitchinterval(SWITCH_S)
    pipe = CorePipe(socket.socket(fileno=int(sys.argv[1])))
    config = WorkerConfig.model_validate_json(sys.argv[2])
    try:
        followers = start_followers(config)
        engine, slots = build_engine(config, followers)
    except (ModelError, ValueError, OSError) as error:
        log.error("cannot start: %s", error)
        _give_up(CANNOT_START)
    info = wire.CoreInfo(
        num_blocks=engine.config.num_blocks,
        max_context=engine.config.max_context,
        vocab_size=engine.model.config.vocab_size,
        num_slots=config.slots,
    )
    pipe.send(wire.READY, wire.encode(info))
    try:
        CoreLoop(engine, slots, pipe).run()
    except Exception:
        log.exception("the engine failed")
        if followers is not None:
            followers.lost(timeout=_LOSS_S)  # which then says so, and ends this process
        _give_up(1)
    slots.close()
    del engine
    if followers is not None:
        followers.close()


def _give_up(status: int) -> NoReturn:
    """End without a farewell: other ranks may wait for this one in a collective, and it for them.

    They end when it has.
    """
    logging.shutdown()
    os._exit(status)


if __name__ == "__main__":
    main()
