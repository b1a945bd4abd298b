"""Rank 0's hold on the other ranks: starts them, tells them what to do, notices their end."""

from __future__ import annotations

import logging
import os
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable

import msgspec
import torch

from motet_inference.ranks import group, orders
from motet_inference.ranks.pipe import Pipe
from motet_inference.ranks.shard import Shard

_STOP_S = 5.0

log = logging.getLogger(__name__)


def end_process(reason: str) -> None:
    """What a lost rank means: the others would wait for it for ever, so this process ends."""
    log.error("%s", reason)
    os._exit(1)


class Followers:
    """All ranks but the first, a process each, on the devices after rank 0's own.

    Ranks in step: rank 0 schedules, and says what it is about to run before it does so. A decode
    step's order is two numbers: its inputs, token ids included, lie on rank 0's device already and
    reach the others by a broadcast within the step. So a step can be launched behind one whose
    tokens the host has not seen, and rank 0 alone samples: no rank can come to another token.
    """

    def __init__(
        self,
        size: int,
        device: torch.device | str,
        *,
        threads: int = 1,
        on_loss: Callable[[str], None] = end_process,
    ) -> None:
        """Start them and meet them.

        Args:
            size: all ranks, at least two.
            device: rank 0's.
            threads: torch's threads of each follower.
            on_loss: called in a thread, with a sentence, when one has ended by itself.

        Raises:
            ValueError: there are not so many devices.
        """
        self.shard = Shard(0, size)
        self.device = group.device_of(torch.device(device), self.shard)
        self._on_loss = on_loss
        self._closing = False
        self._lost = threading.Event()
        self._answers: list[queue.SimpleQueue[orders.Placed]] = []
        self._pipes: list[Pipe] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        listener = group.listen()
        port = group.port_of(listener)
        for rank in range(1, size):
            hello = orders.Hello(
                rank=rank, size=size, port=port, device=str(device), threads=threads
            )
            self._start(hello)
        try:
            group.join(self.shard, self.device, port=port, listener=listener)
        except BaseException:
            self._closing = True
            self._end(patience=0)
            raise

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._processes]

    def tell(self, order: orders.Order) -> None:
        """Raises OSError when one is gone."""
        body = orders.encode(order)
        for pipe in self._pipes:
            pipe.send(body)

    def answers(self) -> list[orders.Placed]:
        """Wait for each one's answer to the last `Place`; for one thread."""
        return [answers.get() for answers in self._answers]

    def lost(self, *, timeout: float) -> bool:
        """Whether one has ended by itself, or does so within so many seconds; `on_loss` has run."""
        return self._lost.wait(timeout)

    def close(self) -> None:
        """Send them home and see that they go. First drop the engine: see `group.leave`."""
        self._closing = True
        try:
            self.tell(orders.Leave())
        except OSError:
            pass  # one is gone already, which is what is wanted
        group.leave()
        self._end(patience=_STOP_S)

    def _end(self, *, patience: float) -> None:
        """Wait for each so many seconds, then kill it."""
        for process in self._processes:
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pipe in self._pipes:
            pipe.close()

    def _start(self, hello: orders.Hello) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603 (our own program)
                [
                    sys.executable, "-m", "motet_inference.ranks.follower",
                    str(theirs.fileno()), msgspec.json.encode(hello).decode(),
                ],
                pass_fds=[theirs.fileno()],
            )  # fmt: skip
        pipe, answers = Pipe(ours), queue.SimpleQueue[orders.Placed]()
        self._processes.append(process)
        self._pipes.append(pipe)
        self._answers.append(answers)
        threading.Thread(
            target=self._watch, args=(hello.rank, process, pipe, answers),
            name=f"rank {hello.rank}", daemon=True,
        ).start()  # fmt: skip

    def _watch(
        self,
        rank: int,
        process: subprocess.Popen[bytes],
        pipe: Pipe,
        answers: queue.SimpleQueue[orders.Placed],
    ) -> None:
        while (body := pipe.receive()) is not None:
            answers.put(orders.decode_placed(body))
        answers.put(orders.Placed(code="adapter_unavailable", message="A rank has ended."))
        if not self._closing:
            status = process.wait()
            self._on_loss(f"rank {rank} (process {process.pid}) ended with {status}")
            self._lost.set()
