"""The core's end of the pipe: a thread reads, so that the front never waits for a step to end."""

from __future__ import annotations

import os
import queue
import socket
import threading

from motet_inference.engine.messages import ToCore, decode_to_core
from motet_inference.server import wire


class CorePipe:
    """Messages in through a queue, frames out at once. When the front is gone, so is the core."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._inbox: queue.SimpleQueue[ToCore] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="pipe", daemon=True).start()

    def receive(self, *, timeout: float | None) -> list[ToCore]:
        """All that has come. Waits for the first so long: None for ever, 0 not at all."""
        out: list[ToCore] = []
        try:
            out.append(self._inbox.get(block=timeout != 0, timeout=timeout or None))
            while True:
                out.append(self._inbox.get_nowait())
        except queue.Empty:
            return out

    def send(self, kind: wire.Kind, body: bytes) -> None:
        self._connection.sendall(wire.frame(kind, body))

    def _read(self) -> None:
        try:
            with self._connection.makefile("rb") as file:
                while header := file.read(wire.HEADER.size):
                    length, _ = wire.HEADER.unpack(header)
                    self._inbox.put(decode_to_core(file.read(length)))
        finally:
            # The front has died or closed: nobody is left to compute for, not even this step.
            os._exit(0)
