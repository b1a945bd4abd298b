"""A bounded cache of seconds, emptied by notices. What is absent is never remembered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """`get` loads on a miss, once for all who ask at the same time.

    A value whose load began before a `drop` or `clear` is handed out but not kept, so a notice
    that overtakes a query never leaves the old value behind.
    """

    def __init__(
        self, *, ttl_s: float, size: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ttl_s = ttl_s
        self._size = size
        self._clock = clock
        self._kept: dict[K, tuple[float, V]] = {}
        self._loading: dict[K, asyncio.Task[V | None]] = {}

    async def get(self, key: K, load: Callable[[], Awaitable[V | None]]) -> V | None:
        """The cached value, else what `load` gives. Its error goes to all who wait for it."""
        kept = self._kept.get(key)
        if kept is not None and kept[0] > self._clock():
            return kept[1]
        task = self._loading.get(key)
        if task is None:
            task = self._loading[key] = asyncio.ensure_future(self._load(key, load))
        # Shielded: one client that goes away does not cancel the load of the others.
        return await asyncio.shield(task)

    def drop(self, key: K) -> None:
        """Forget one key."""
        self._kept.pop(key, None)
        self._loading.pop(key, None)

    def drop_where(self, matches: Callable[[K], bool]) -> None:
        """Forget every key that `matches`."""
        for key in [k for k in {*self._kept, *self._loading} if matches(k)]:
            self.drop(key)

    def clear(self) -> None:
        """Forget everything: notices may have been missed."""
        self._kept.clear()
        self._loading.clear()

    async def _load(self, key: K, load: Callable[[], Awaitable[V | None]]) -> V | None:
        me = asyncio.current_task()
        try:
            value = await load()
            if value is not None and self._loading.get(key) is me:
                self._kept.pop(key, None)
                while len(self._kept) >= self._size:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = (self._clock() + self._ttl_s, value)
            return value
        finally:
            if self._loading.get(key) is me:
                del self._loading[key]
