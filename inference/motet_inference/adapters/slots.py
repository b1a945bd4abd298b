"""The adapters in device memory: pinned while in use, loaded beside the engine's steps."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from motet_inference.adapters.blob import AdapterWeights
from motet_inference.adapters.errors import AdapterError
from motet_inference.adapters.host_cache import HostCache
from motet_inference.adapters.residency import Residency
from motet_inference.adapters.slot_jobs import Job, Keep, Place, Read
from motet_inference.adapters.slot_loader import SlotLoader
from motet_inference.adapters.slot_tensors import LoraWeights
from motet_inference.adapters.unkept import Unkept
from motet_inference.engine.messages import AdapterRef
from motet_inference.models.config import ModelConfig
from motet_inference.ranks import orders

# A failure is remembered this long, so that every request that waits for it hears of it once.
_FAILURE_S = 5.0

log = logging.getLogger(__name__)


class Followers(Protocol):
    """The other ranks, see ranks.leader.Followers."""

    def tell(self, order: orders.Order) -> None: ...
    def answers(self) -> list[orders.Placed]: ...


class AdapterSlots:
    """A fixed number of slots, and one thread that fills them: disk -> host cache -> slot.

    `acquire`, `release`, `warm` and `poll` never wait for a disk or a copy. On CUDA copies run on
    a stream of their own and a slot is handed out only when its copy is done. Of several ranks the
    others keep their shares in the same slots, and a slot is handed out when all have theirs.
    """

    def __init__(
        self,
        config: ModelConfig,
        *,
        num_slots: int,
        max_rank: int,
        dtype: torch.dtype,
        device: torch.device | str,
        host_bytes: int,
        keep: bool = False,
        clock: Callable[[], float] = time.monotonic,
        followers: Followers | None = None,
    ) -> None:
        """`keep`: the adapters' folders are a worker's own, and what is read from one is kept there
        in slot layout, for the next time.
        """
        if num_slots < 1 or max_rank < 1:
            raise ValueError("num_slots and max_rank must be at least 1")
        self._device = _with_index(device)
        self._clock = clock
        self._followers = followers
        self._keep = keep
        self._tell(
            orders.Slots(num_slots=num_slots, max_rank=max_rank, host_bytes=host_bytes, keep=keep)
        )
        self._loader = SlotLoader(
            config, num_slots=num_slots, max_rank=max_rank, dtype=dtype, device=self._device
        )
        self._cuda = self._device.type == "cuda"
        self._residency = Residency(num_slots, clock)
        self._host = HostCache(host_bytes, self._device)
        self._failed: dict[str, tuple[AdapterError, float]] = {}
        self._read_ahead: set[str] = set()
        self._soon: OrderedDict[str, AdapterRef] = OrderedDict()  # to be read when all else is done
        self._unkept = Unkept(self._host)
        self._next_checked = 0
        self._idle_since: dict[int, torch.cuda.Event] = {}
        self._news = threading.Condition()
        self._closed = False
        self._num_slots = num_slots
        self._thread = threading.Thread(target=self._run, name="adapter-loader", daemon=True)
        self._thread.start()

    @property
    def weights(self) -> LoraWeights:
        return self._loader.weights

    def acquire(self, ref: AdapterRef) -> int | None:
        """Pin the adapter and return its slot; None while it is not there yet: ask again.

        Raises AdapterError when it cannot be loaded; asking again some seconds later tries anew.
        """
        with self._news:
            slot = self._residency.pin(ref.digest)
            if slot is not None:
                return slot
            if not self._thread.is_alive():
                raise RuntimeError("the adapter loader has ended")
            if error := self._failure(ref.digest):
                raise AdapterError(error.code, error.message)
            if self._residency.want(ref, asked=True):
                self._news.notify()
            return None

    def is_loading(self, ref: AdapterRef) -> bool:
        """Whether `acquire` was asked in vain, and would be now."""
        with self._news:
            return self._thread.is_alive() and self._residency.is_awaited(ref.digest)

    def release(self, slot: int) -> None:
        """Undo one `acquire`, once no launched step reads the slot (on CUDA: on this stream)."""
        with self._news:
            if self._residency.unpin(slot):
                if self._cuda:
                    self._idle_since[slot] = torch.cuda.current_stream(self._device).record_event()
                self._news.notify()

    def prefetch(self, ref: AdapterRef) -> None:
        """A request for it has come and may have to wait: bring the adapter into host memory, and
        into a slot if one is free. Nothing leaves its slot for it; of many, some are passed by.
        """
        with self._news:
            if self._residency.holds(ref.digest) or ref.digest in self._residency.wanted:
                return
            if self._failure(ref.digest):
                return  # which is what the request will be told
            if self._residency.has_room:
                self._residency.want(ref, asked=False)
            elif ref.digest not in self._host and len(self._soon) < self._num_slots:
                self._soon[ref.digest] = ref
            self._news.notify()

    def warm(self, ref: AdapterRef) -> None:
        """Bring the adapter into a slot if one can be had; no request waits for it."""
        with self._news:
            if self._residency.want(ref, asked=False):
                self._failed.pop(ref.digest, None)
                self._news.notify()

    def poll(self) -> tuple[list[str], list[str]]:
        """Digests that entered a slot, and that left one, since the last call."""
        with self._news:
            return self._residency.poll()

    def tiers(self) -> tuple[list[str], list[str]]:
        """Digests in slots, and those in host memory only."""
        with self._news:
            resident = self._residency.resident
            return resident, [d for d in self._host.digests() if d not in set(resident)]

    def check_integrity(self) -> None:
        """Raises RuntimeError when the books contradict themselves, or a slot its adapter.

        The books are checked whole, of the slots one at each call: call it when nothing runs.
        """
        with self._news:
            self._residency.check()
            slot = self._residency.hold(self._next_checked)
        if slot is not None:
            self._next_checked += 1
            self._tell(orders.Check(slot=slot))
            self._loader.verify(slot)
            self.release(slot)

    def close(self) -> None:
        """Stop the loader; may be called twice."""
        with self._news:
            self._closed = True
            self._news.notify()
        self._thread.join()

    def _run(self) -> None:
        while (job := self._next_job()) is not None:
            try:
                match job:
                    case Read():
                        self._read(job.ref)
                    case Place():
                        self._place(job.ref, job.slot, job.weights)
                    case Keep():
                        self._loader.keep(job.ref, job.weights)
            except AdapterError as error:
                self._fail(job, error)
            except Exception:
                log.exception("loading adapter %s", job.ref.digest)
                message = "The adapter could not be loaded."
                self._fail(job, AdapterError("adapter_unavailable", message))

    def _next_job(self) -> Job | None:
        """Wait for something to do; None at the end."""
        with self._news:
            while not self._closed:
                if job := self._choose():
                    return job
                self._news.wait(self._residency.next_expiry() if self._residency.wanted else None)
            return None

    def _choose(self) -> Job | None:
        can_place = self._residency.can_place()
        wanted = self._residency.wanted
        if can_place:
            for digest, ref in wanted.items():
                if (weights := self._host.get(digest)) is not None:
                    return Place(ref, self._residency.take(), weights)
        # While all slots are pinned, read ahead: each adapter once, as many as there are slots.
        self._read_ahead &= wanted.keys()
        for digest, ref in wanted.items():
            if can_place or (
                digest not in self._host
                and digest not in self._read_ahead
                and len(self._read_ahead) < self._num_slots
            ):
                self._read_ahead.add(digest)
                return Read(ref)
        while self._soon:
            digest, ref = self._soon.popitem(last=False)
            if digest not in self._host:
                return Read(ref)
        unkept = self._unkept.take()
        return Keep(*unkept) if unkept else None

    def _read(self, ref: AdapterRef) -> None:
        self._tell(orders.Read(adapter=ref))
        weights = self._loader.read(ref, self._room)
        with self._news:
            self._host.put(ref.digest, weights)
            if self._keep:
                self._unkept.add(ref)

    def _room(self, count: int, dtype: torch.dtype) -> Tensor:
        with self._news:
            return self._host.room(count, dtype)

    def _place(self, ref: AdapterRef, slot: int, weights: AdapterWeights) -> None:
        self._tell(orders.Place(adapter=ref, slot=slot))
        try:
            self._loader.write(slot, weights, after=self._idle_since.pop(slot, None))
        finally:
            answers = self._followers.answers() if self._followers else []
        for answer in answers:
            if answer.code:
                raise AdapterError(answer.code, answer.message)
        with self._news:
            self._residency.settle(ref.digest, slot)

    def _failure(self, digest: str) -> AdapterError | None:
        """What is still remembered of it."""
        error, until = self._failed.get(digest, (None, 0.0))
        if error is not None and self._clock() >= until:
            del self._failed[digest]
            return None
        return error

    def _tell(self, order: orders.Order) -> None:
        if self._followers is not None:
            self._followers.tell(order)

    def _fail(self, job: Job, error: AdapterError) -> None:
        digest = job.ref.digest
        with self._news:
            now = self._clock()
            self._failed = {d: f for d, f in self._failed.items() if f[1] > now}
            self._failed[digest] = (error, now + _FAILURE_S)
            self._residency.unwant(digest)
            if isinstance(job, Place):
                self._residency.give_up(job.slot)


def _with_index(device: torch.device | str) -> torch.device:
    """The device itself: "cuda" alone means the current one, which may be another elsewhere."""
    device = torch.device(device)
    if device.type == "cuda" and device.index is None:
        return torch.device("cuda", torch.cuda.current_device())
    return device
