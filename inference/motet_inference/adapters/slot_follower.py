"""The slots of a rank other than the first: filled as rank 0 says, beside the steps."""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable

import torch

from motet_inference.adapters.blob import AdapterWeights
from motet_inference.adapters.errors import AdapterError
from motet_inference.adapters.host_cache import HostCache
from motet_inference.adapters.slot_loader import SlotLoader
from motet_inference.adapters.slot_tensors import LoraWeights
from motet_inference.adapters.unkept import Unkept
from motet_inference.engine.messages import AdapterRef
from motet_inference.models.config import ModelConfig
from motet_inference.ranks.orders import Check, Place, Placed, Read

log = logging.getLogger(__name__)


class SlotFollower:
    """Holds this rank's share of each adapter, in the slots that rank 0 chose.

    One thread reads and writes, in the order of what was `put`. Every `Place` is answered.
    """

    def __init__(
        self,
        config: ModelConfig,
        *,
        num_slots: int,
        max_rank: int,
        dtype: torch.dtype,
        device: torch.device,
        host_bytes: int,
        keep: bool,
        answer: Callable[[Placed], None],
    ) -> None:
        self._loader = SlotLoader(
            config, num_slots=num_slots, max_rank=max_rank, dtype=dtype, device=device
        )
        self._host = HostCache(host_bytes, device)
        self._device, self._answer = device, answer
        self._keep = keep
        self._unkept = Unkept(self._host)
        self._jobs: queue.SimpleQueue[
            tuple[Read | Place | Check, torch.cuda.Event | None] | None
        ] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="adapter-loader", daemon=True)
        self._thread.start()

    @property
    def weights(self) -> LoraWeights:
        return self._loader.weights

    def put(self, order: Read | Place | Check) -> None:
        """Call it in the thread that launches steps: those so far may read the slot, none later."""
        after = None
        if self._device.type == "cuda" and isinstance(order, Place):
            after = torch.cuda.current_stream(self._device).record_event()
        self._jobs.put((order, after))

    def close(self) -> None:
        """Do what was put, and end."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            order, after = job
            match order:
                case Read():
                    self._read_ahead(order.adapter)
                case Place():
                    self._answer(self._place(order, after))
                case Check():
                    self._check(order.slot)
            while self._jobs.empty() and (unkept := self._unkept.take()):
                self._loader.keep(*unkept)

    def _read_ahead(self, ref: AdapterRef) -> None:
        try:
            self._weights_of(ref)
        except AdapterError:
            pass  # rank 0 has the same files, or will hear of it at `Place`
        except Exception:
            log.exception("reading adapter %s", ref.digest)

    def _place(self, order: Place, after: torch.cuda.Event | None) -> Placed:
        try:
            self._loader.write(order.slot, self._weights_of(order.adapter), after=after)
        except AdapterError as error:
            return Placed(code=error.code, message=error.message)
        except Exception:
            log.exception("loading adapter %s", order.adapter.digest)
            return Placed(code="adapter_unavailable", message="The adapter could not be loaded.")
        return Placed()

    def _check(self, slot: int) -> None:
        try:
            self._loader.verify(slot)
        except RuntimeError:
            log.exception("this rank's adapters are in doubt")
            os._exit(1)

    def _weights_of(self, ref: AdapterRef) -> AdapterWeights:
        weights = self._host.get(ref.digest)
        if weights is None:
            weights = self._loader.read(ref, self._host.room)
            self._host.put(ref.digest, weights)
            if self._keep:
                self._unkept.add(ref)
        return weights
