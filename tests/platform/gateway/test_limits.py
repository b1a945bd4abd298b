"""Limits of keys and accounts, in this process and in Redis, and without it when it fails."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest
from motet_platform.errors import RateLimited
from motet_platform.gateway.caller import Caller
from motet_platform.gateway.limits import Limits

MESSAGES: Any = [{"role": "user", "content": "Say something."}]


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000_020.0  # 20 s before the end of a minute

    def __call__(self) -> float:
        return self.now


def caller(**fields: Any) -> Caller:
    usual: dict[str, Any] = {"rpm": None, "tpm": None, "account_id": 1, "key_id": 1}
    return Caller(
        **{**usual, **fields},
        account_slug="a",
        wallet_id=1,
        scopes=frozenset(),
        models=None,
    )


@pytest.fixture(params=["local", "redis"])
async def limits(request: pytest.FixtureRequest, clock: Clock) -> Any:
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None
    limits = Limits(rpm=100, tpm=10_000, streams=3, redis_url=url, clock=clock)
    yield limits
    await limits.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_requests_per_minute(limits: Limits, clock: Clock) -> None:
    me = caller(rpm=2)
    first = await limits.admit(me, 10)
    assert first.headers["x-ratelimit-limit-requests"] == "2"
    assert first.headers["x-ratelimit-remaining-requests"] == "1"
    await limits.leave(first, 10)
    await limits.leave(await limits.admit(me, 10), 10)
    with pytest.raises(RateLimited) as caught:
        await limits.admit(me, 10)
    assert 1 <= int(caught.value.headers["retry-after"]) <= 60
    assert caught.value.headers["x-ratelimit-remaining-requests"] == "0"
    await limits.leave(await limits.admit(caller(key_id=2), 10), 0)  # another key is free
    clock.now += int(caught.value.headers["retry-after"])
    await limits.leave(await limits.admit(me, 10), 10)


async def test_tokens_per_minute_are_corrected_by_the_truth(limits: Limits) -> None:
    me = caller(tpm=1000)
    first = await limits.admit(me, 900)
    await limits.leave(first, 100)  # 800 come back
    second = await limits.admit(me, 500)
    assert second.headers["x-ratelimit-remaining-tokens"] == "400"
    await limits.leave(second, 950)  # 450 more than thought
    with pytest.raises(RateLimited):
        await limits.admit(me, 1)


async def test_a_refused_request_uses_up_no_tokens(limits: Limits) -> None:
    me = caller(tpm=1000)
    large = await limits.admit(me, 5000)  # larger than a whole minute: passes alone
    with pytest.raises(RateLimited):
        await limits.admit(me, 5000)
    await limits.leave(large, 100)
    await limits.leave(await limits.admit(me, 10), 10)


async def test_streams_at_once(limits: Limits) -> None:
    running = [await limits.admit(caller(key_id=i), 1) for i in range(3)]
    with pytest.raises(RateLimited) as caught:
        await limits.admit(caller(key_id=4), 1)
    assert caught.value.headers["retry-after"] == "1"
    await limits.admit(caller(account_id=2), 1)
    await limits.leave(running[0], 1)
    await limits.admit(caller(key_id=4), 1)


async def test_two_gateways_share_what_redis_counts(redis_url: str, clock: Clock) -> None:
    both = [
        Limits(rpm=3, tpm=10_000, streams=9, redis_url=redis_url, clock=clock) for _ in range(2)
    ]
    admitted = 0
    for i in range(6):
        try:
            await both[i % 2].admit(caller(), 1)
            admitted += 1
        except RateLimited:
            pass
    assert admitted == 3
    for limits in both:
        await limits.close()


async def test_redis_away_means_counting_here(clock: Clock) -> None:
    limits = Limits(rpm=2, tpm=100, streams=9, redis_url="redis://127.0.0.1:1/0", clock=clock)
    await limits.admit(caller(), 1)
    await limits.admit(caller(), 1)
    with pytest.raises(RateLimited):
        await limits.admit(caller(), 1)
    await limits.close()


async def test_a_limited_key_over_http(gateway: Any, tenants: Any, base: str, tables: Any) -> None:
    slow = tenants("slow", requests_per_minute=3)
    client = gateway.client(slow)
    answers = await asyncio.gather(
        *(
            client.chat.completions.with_raw_response.create(
                model=base, messages=MESSAGES, max_tokens=1
            )
            for _ in range(12)
        ),
        return_exceptions=True,
    )
    # A minute may begin in between: never more than two minutes' worth.
    good = [a for a in answers if not isinstance(a, Exception)]
    refused = [a for a in answers if isinstance(a, openai.RateLimitError)]
    assert len(good) + len(refused) == 12
    assert 3 <= len(good) <= 6
    assert good[0].headers["x-ratelimit-limit-requests"] == "3"
    for error in refused:
        assert error.code == "rate_limit_exceeded"
        assert 1 <= int(error.response.headers["retry-after"]) <= 61
    holds = tables.rows("SELECT count(*) FROM billing_hold")[0]["count"]
    assert holds == len(good), "nothing is held for what is refused"
