"""Adapters in host memory, in slot layout, the least recently used dropped first."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor

from motet_inference.adapters.arena import Arena
from motet_inference.adapters.blob import AdapterWeights, plain_room


class HostCache:
    """At most `limit` bytes, except that the newest entry stays whatever its size.

    For a CUDA device that many bytes are page-locked at once, so that it copies them by itself.
    Not thread-safe.
    """

    def __init__(self, limit: int, device: torch.device) -> None:
        self._limit = limit
        self._entries: OrderedDict[str, AdapterWeights] = OrderedDict()
        self._bytes = 0
        self._memory = _page_locked(limit, device) if device.type == "cuda" else None
        self._arena = Arena(limit)
        self._unclaimed: int | None = None  # a piece given out by `room` that no entry has yet

    def __contains__(self, digest: str) -> bool:
        return digest in self._entries

    def digests(self) -> list[str]:
        return list(self._entries)

    def get(self, digest: str) -> AdapterWeights | None:
        """The weights, marked as just used."""
        if digest in self._entries:
            self._entries.move_to_end(digest)
        return self._entries.get(digest)

    def peek(self, digest: str) -> AdapterWeights | None:
        """The same, without marking them."""
        return self._entries.get(digest)

    def room(self, count: int, dtype: torch.dtype) -> Tensor:
        """Memory for the next entry, [count], unset; what was given out before and never `put` is
        free again. What has no room in the page-locked memory lies elsewhere."""
        if self._memory is None:
            return plain_room(count, dtype)
        if self._unclaimed is not None:
            self._arena.give(self._unclaimed)
            self._unclaimed = None
        size = count * dtype.itemsize
        while (start := self._arena.take(size)) is None and self._entries:
            self._drop()
        if start is None:
            return torch.empty(count, dtype=dtype, pin_memory=True)
        self._unclaimed = start
        return self._memory[start : start + size].view(dtype)

    def put(self, digest: str, weights: AdapterWeights) -> None:
        """An entry whose blob is what `room` gave last, or lies elsewhere."""
        if self._place(weights) == self._unclaimed:
            self._unclaimed = None
        if digest in self._entries:
            self._drop(digest)
        self._entries[digest] = weights
        self._bytes += weights.nbytes
        while self._bytes > self._limit and len(self._entries) > 1:
            self._drop()

    def _drop(self, digest: str | None = None) -> None:
        digest = digest or next(iter(self._entries))
        dropped = self._entries.pop(digest)
        self._bytes -= dropped.nbytes
        if (place := self._place(dropped)) is not None:
            self._arena.give(place)

    def _place(self, weights: AdapterWeights) -> int | None:
        """Where its blob begins in the page-locked memory."""
        if self._memory is None or not weights.nbytes:
            return None
        place = weights.blob.data_ptr() - self._memory.data_ptr()
        return place if 0 <= place < self._limit else None


def _page_locked(size: int, device: torch.device) -> Tensor:
    try:
        with torch.cuda.device(device):
            return torch.empty(size, dtype=torch.uint8, pin_memory=True)
    except RuntimeError as error:
        raise ValueError(
            f"{size >> 20} MB of memory cannot be page-locked for adapters: "
            "set MOTET_WORKER_HOST_CACHE_MB lower"
        ) from error
