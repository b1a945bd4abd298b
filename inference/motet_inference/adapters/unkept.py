"""Adapters in host memory that their folders do not hold in slot layout yet."""

from __future__ import annotations

from collections import OrderedDict

from motet_inference.adapters.blob import AdapterWeights
from motet_inference.adapters.host_cache import HostCache
from motet_inference.engine.messages import AdapterRef


class Unkept:
    """In the order in which they came; one that has left host memory is passed by.

    Not thread-safe.
    """

    def __init__(self, host: HostCache) -> None:
        self._host = host
        self._refs: OrderedDict[str, AdapterRef] = OrderedDict()

    def add(self, ref: AdapterRef) -> None:
        self._refs[ref.digest] = ref

    def take(self) -> tuple[AdapterRef, AdapterWeights] | None:
        """The next one; None where there is none."""
        while self._refs:
            digest, ref = self._refs.popitem(last=False)
            if (weights := self._host.peek(digest)) is not None:
                return ref, weights
        return None
