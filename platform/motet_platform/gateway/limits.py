"""Requests and tokens per minute of a key, and streams at once of an account."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import redis.asyncio as redis
from limits.aio.storage import MemoryStorage, RedisStorage

from motet_platform.errors import RateLimited
from motet_platform.gateway.caller import Caller

log = logging.getLogger(__name__)

_MINUTE = 60
_REDIS_S = 0.25
_LOCAL_S = 5.0  # how long this process counts alone after Redis failed


@dataclass(frozen=True, slots=True)
class Admission:
    """One request let in, with what its response headers say. Give it back by `leave`."""

    account_id: int
    key_id: int
    minute: int
    tokens: int
    headers: dict[str, str]


class Limits:
    """Counters per minute, in Redis when there is one, else (or meanwhile) in this process.

    Tokens are counted by an estimate at the door and corrected when the truth is known. A request
    is refused when its minute was used up before it came, so one large request always passes.
    """

    def __init__(
        self,
        *,
        rpm: int,
        tpm: int,
        streams: int,
        redis_url: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._rpm, self._tpm, self._streams = rpm, tpm, streams
        self._clock = clock
        self._local = MemoryStorage()
        self._shared: RedisStorage | None = None
        self._pool: redis.ConnectionPool | None = None
        if redis_url is not None:
            self._pool = redis.ConnectionPool.from_url(
                redis_url, socket_timeout=_REDIS_S, socket_connect_timeout=_REDIS_S
            )
            self._shared = RedisStorage(
                "async+redis://",
                implementation="redispy",
                connection_pool=self._pool,  # type: ignore[arg-type]  # typed for plain options
            )
        self._local_until = 0.0
        self._open: Counter[int] = Counter()

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._pool is not None:
            await self._pool.disconnect()

    async def admit(self, caller: Caller, tokens: int) -> Admission:
        """Let a request of about this many tokens in. Raises RateLimited with retry-after."""
        rpm, tpm = caller.rpm or self._rpm, caller.tpm or self._tpm
        now = self._clock()
        minute, reset = int(now // _MINUTE), math.ceil(_MINUTE - now % _MINUTE)
        requests, used = await asyncio.gather(
            self._count(f"rpm/{caller.key_id}/{minute}", 1),
            self._count(f"tpm/{caller.key_id}/{minute}", tokens),
        )
        headers = {
            "x-ratelimit-limit-requests": str(rpm),
            "x-ratelimit-remaining-requests": str(max(0, rpm - requests)),
            "x-ratelimit-reset-requests": f"{reset}s",
            "x-ratelimit-limit-tokens": str(tpm),
            "x-ratelimit-remaining-tokens": str(max(0, tpm - used)),
            "x-ratelimit-reset-tokens": f"{reset}s",
        }
        admission = Admission(caller.account_id, caller.key_id, minute, tokens, headers)
        if requests > rpm or used - tokens >= tpm:
            await self._correct(admission, 0)
            what = f"{rpm} requests" if requests > rpm else f"{tpm} tokens"
            raise RateLimited(
                f"Rate limit reached for this key: {what} per minute. Try again in {reset} s.",
                retry_after=reset,
                headers=headers,
            )
        if self._open[caller.account_id] >= self._streams:
            await self._correct(admission, 0)
            raise RateLimited(
                f"Rate limit reached: {self._streams} requests of this account are running. "
                "Try again when some have ended.",
                retry_after=1,
                headers=headers,
            )
        self._open[caller.account_id] += 1
        return admission

    async def leave(self, admission: Admission, tokens: int) -> None:
        """The request has ended and took this many tokens in truth."""
        self._open[admission.account_id] -= 1
        if not self._open[admission.account_id]:
            del self._open[admission.account_id]
        await self._correct(admission, tokens)

    async def _correct(self, admission: Admission, tokens: int) -> None:
        minute = int(self._clock() // _MINUTE)
        change = tokens - admission.tokens
        # What was estimated too high is given back only to the minute that it was taken from.
        if change > 0 or (change < 0 and minute == admission.minute):
            await self._count(f"tpm/{admission.key_id}/{minute}", change)

    async def _count(self, key: str, amount: int) -> int:
        if self._shared is not None and self._clock() >= self._local_until:
            try:
                return await self._shared.incr(key, 2 * _MINUTE, amount)
            except (redis.RedisError, OSError, TimeoutError) as error:
                self._local_until = self._clock() + _LOCAL_S
                log.warning("Redis is away, counting locally: %s", type(error).__name__)
        return await self._local.incr(key, 2 * _MINUTE, amount)
