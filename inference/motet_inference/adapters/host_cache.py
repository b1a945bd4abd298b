"""Adapters in host memory, in slot layout, the least recently used dropped first."""

from __future__ import annotations

from collections import OrderedDict

from motet_inference.adapters.weights import AdapterWeights


class HostCache:
    """At most `limit` bytes, except that the newest entry stays whatever its size."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[str, AdapterWeights] = OrderedDict()
        self._bytes = 0

    def __contains__(self, digest: str) -> bool:
        return digest in self._entries

    def digests(self) -> list[str]:
        return list(self._entries)

    def get(self, digest: str) -> AdapterWeights | None:
        """The weights, marked as just used."""
        if digest in self._entries:
            self._entries.move_to_end(digest)
        return self._entries.get(digest)

    def put(self, digest: str, weights: AdapterWeights) -> None:
        if old := self._entries.pop(digest, None):
            self._bytes -= old.nbytes
        self._entries[digest] = weights
        self._bytes += weights.nbytes
        while self._bytes > self._limit and len(self._entries) > 1:
            _, dropped = self._entries.popitem(last=False)
            self._bytes -= dropped.nbytes
