"""A rank other than the first: a process that does what rank 0 says, in the same order.

Started by `leader.Followers` as `python -m motet_inference.ranks.follower <fd> <hello>`.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import sys
import threading

import msgspec
import torch

from motet_inference.adapters.slot_follower import SlotFollower
from motet_inference.engine.runner import Runner
from motet_inference.models.errors import ModelError
from motet_inference.models.kv_cache import room
from motet_inference.models.llama import CausalLM
from motet_inference.models.loader import load_model
from motet_inference.models.random_weights import random_model
from motet_inference.ranks import group, orders
from motet_inference.ranks.collectives import least
from motet_inference.ranks.pipe import Pipe
from motet_inference.ranks.shard import Shard

_CANNOT_START = 3

log = logging.getLogger(__name__)


class Follower:
    """A share of a model, of its adapters and of its cache."""

    def __init__(self, shard: Shard, device: torch.device, pipe: Pipe) -> None:
        self._shard, self._device, self._pipe = shard, device, pipe
        self._model: CausalLM | None = None
        self._slots: SlotFollower | None = None
        self._runner: Runner | None = None

    def run(self) -> None:
        """Until `Leave`, or until rank 0 is gone."""
        while (body := self._pipe.receive()) is not None:
            order = orders.decode_order(body)
            if isinstance(order, orders.Leave):
                break
            self._obey(order)
        if self._slots is not None:
            self._slots.close()

    def _obey(self, order: orders.Order) -> None:
        match order:
            case orders.Decode():
                assert self._runner is not None
                self._runner.repeat(order.size, lora=order.lora)
            case orders.Mixed():
                assert self._runner is not None
                self._runner.forward(order.rows)
            case orders.Read() | orders.Place() | orders.Check():
                assert self._slots is not None
                self._slots.put(order)
            case orders.Model():
                self._load(order)
            case orders.Slots():
                self._make_slots(order)
            case orders.Fill():
                assert self._slots is not None
                self._slots.weights.randomise(order.targets, rank=order.rank)
            case orders.Room():
                least(room(self._device), self._shard, self._device)
            case orders.Sizes():
                self._make_runner(order)

    def _load(self, order: orders.Model) -> None:
        self._runner = self._model = None
        load = random_model if order.random else load_model
        self._model = load(
            order.folder,
            dtype=getattr(torch, order.dtype),
            device=self._device,
            fp8=order.fp8,
            shard=self._shard,
        )

    def _make_slots(self, order: orders.Slots) -> None:
        assert self._model is not None
        if self._slots is not None:
            self._slots.close()
        self._runner = self._slots = None
        self._slots = SlotFollower(
            self._model.config,
            num_slots=order.num_slots,
            max_rank=order.max_rank,
            dtype=self._model.dtype,
            device=self._device,
            host_bytes=order.host_bytes,
            keep=order.keep,
            answer=lambda placed: self._pipe.send(orders.encode(placed)),
        )

    def _make_runner(self, order: orders.Sizes) -> None:
        assert self._model is not None
        self._runner = None
        weights = self._slots.weights if order.lora and self._slots else None
        self._runner = Runner.build(self._model, order.engine, weights)


def _end_with(connection: socket.socket) -> None:
    """End this process when rank 0 is gone, also while it waits for rank 0 in a collective."""
    hung_up = select.poll()
    hung_up.register(connection, select.POLLHUP)
    hung_up.poll()
    os._exit(0)


def main() -> None:
    # A stop is rank 0's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    connection = socket.socket(fileno=int(sys.argv[1]))
    hello = msgspec.json.decode(sys.argv[2], type=orders.Hello)
    threading.Thread(target=_end_with, args=(connection,), name="rank 0", daemon=True).start()
    form = f"%(asctime)s rank {hello.rank} %(levelname)s %(message)s"
    logging.basicConfig(level=logging.INFO, format=form)
    torch.set_num_threads(hello.threads)
    shard = Shard(hello.rank, hello.size)
    device = group.device_of(torch.device(hello.device), shard)
    group.join(shard, device, port=hello.port)
    try:
        Follower(shard, device, Pipe(connection)).run()
    except (ModelError, ValueError) as error:
        log.error("cannot start: %s", error)
        sys.exit(_CANNOT_START)
    group.leave()


if __name__ == "__main__":
    main()
