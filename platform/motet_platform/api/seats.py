"""How many management requests are worked on at once: each has a thread and a database connection.

Whoever waits for a client waits without either, so slow clients keep nobody from being served.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from threading import Lock

from motet_platform.errors import RateLimited

SEATS = 48
EXPORTS = 4


class Seat:
    """One request's place among `seats`. All of it runs on the event loop."""

    def __init__(self, seats: asyncio.Semaphore) -> None:
        self._seats = seats
        self._taken = False
        self._left = False

    async def take(self) -> None:
        """Waits until there is one."""
        await self._seats.acquire()
        self._taken = True
        if self._left:
            self.give()

    def give(self) -> None:
        """Lets somebody else have it for a while."""
        if self._taken:
            self._taken = False
            self._seats.release()

    def leave(self) -> None:
        """For good."""
        self._left = True
        self.give()


class Exports:
    """Streams of rows under way, by account: such a one keeps its connection until it is read."""

    def __init__(self, limit: int = EXPORTS) -> None:
        self._limit = limit
        self._running: Counter[int] = Counter()
        self._lock = Lock()

    def begin(self, account_id: int) -> None:
        """RateLimited `too_many_exports` if the account has its share already."""
        with self._lock:
            if self._running[account_id] >= self._limit:
                raise RateLimited(
                    f"{self._limit} exports are under way: let one end first.",
                    retry_after=5,
                    code="too_many_exports",
                )
            self._running[account_id] += 1

    def end(self, account_id: int) -> None:
        with self._lock:
            self._running[account_id] -= 1
            if not self._running[account_id]:
                del self._running[account_id]
