"""What changes while a request runs: its price, cap, key, account and credit, and the clock.

Each time it ends cleanly, is charged exactly what was delivered at the price that it began with,
and leaves nothing held. The change holds from the next extension or the next request on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import openai
import pytest
from django.db import connections
from motet_billing.money import usd
from motet_inference.rpc import worker_pb2 as pb

MESSAGES: Any = [{"role": "user", "content": "Say something."}]


def cost(prompt: int, completion: int) -> int:
    return prompt * 100_000 + completion * 200_000


class Halfway:
    """A worker that keeps to its budget, and stops after 20 tokens until it is let go."""

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, run: Any) -> None:
        run.accept(7)
        reason, asked_at = "stop", 0
        for n in range(1, self.tokens + 1):
            if n == 21 and not self.go_on.is_set():
                self.reached.set()
                await self.go_on.wait()
            if run.output_budget - n < 256 and asked_at != run.output_budget and not run.last:
                asked_at = run.output_budget
                run.low(prompt_needed=0, output_used=n - 1)
                await run.extended()
            if n > run.output_budget:
                reason, n = "budget", n - 1
                break
            run.delta("w ", n)
        run.finish(7, [pb.Choice(index=0, finish_reason=reason, completion_tokens=n)])


@pytest.fixture
def changed(gateways: Any, worker: Any, base: str, tables: Any) -> Callable[..., Any]:
    """`async with changed(tenant, change, tokens=60) as (gateway, last, request_id)`: a stream in
    the middle of which `change` is made, its last chunk, and its id.
    """

    @asynccontextmanager
    async def run(
        tenant: Any, change: Callable[[], object], *, tokens: int = 60
    ) -> AsyncIterator[tuple[Any, dict[str, Any], str]]:
        worker.script = halfway = Halfway(tokens)
        async with gateways([worker], cache_s=0.05) as gateway:
            async with gateway.http(tenant) as http:
                body = {"model": base, "messages": MESSAGES, "stream": True, "max_tokens": 10**6}
                async with http.stream("POST", "/v1/chat/completions", json=body) as answer:
                    assert answer.status_code == 200
                    await halfway.reached.wait()
                    await beside(change)
                    halfway.go_on.set()
                    text = (await answer.aread()).decode()
            last = json.loads(text.split("\n\n")[-3].removeprefix("data: "))
            request_id = answer.headers["x-request-id"]
            done = last["usage"]["completion_tokens"]
            hold, row = tables.hold(request_id), tables.usage(request_id)
            assert hold["captured"] == row["cost"] == cost(7, done)
            assert row["completion_tokens"] == done and row["fault"] == ""
            held = "SELECT sum(reserved) AS held FROM billing_wallet"
            assert tables.rows(held) == [{"held": 0}]
            yield gateway, last, request_id
            await beside(books_are_right)

    return run


async def beside(work: Callable[[], object]) -> None:
    """In a thread, on a connection that is closed again."""

    def whole() -> None:
        try:
            work()
        finally:
            connections.close_all()

    await asyncio.to_thread(whole)


def books_are_right() -> None:
    from motet_billing.selectors import audit
    from motet_platform.metering.reconcile import unfinished, usage_mismatches

    assert [*audit(), *unfinished(), *usage_mismatches()] == []


async def ask(gateway: Any, tenant: Any, base: str) -> str:
    """A request's error code, "" where it is answered."""
    try:
        await gateway.client(tenant).chat.completions.create(
            model=base, messages=MESSAGES, max_tokens=1
        )
    except openai.APIStatusError as error:
        return str(error.code)
    return ""


async def soon(gateway: Any, tenant: Any, base: str, code: str) -> None:
    """What the next requests get, once caches of a twentieth of a second are old."""
    async with asyncio.timeout(20):
        while await ask(gateway, tenant, base) != code:
            pass


async def test_its_price(changed: Any, alice: Any, base: str, tables: Any) -> None:
    from motet_billing.services import price_set

    def dearer() -> None:
        price_set(sku=base, input=900_000, cached_input=900_000, output=900_000)

    async with changed(alice, dearer) as (gateway, last, request_id):
        assert last["usage"]["completion_tokens"] == 60
        old = tables.usage(request_id)["price_version_id"]
        async with asyncio.timeout(20):
            while True:
                raw = await gateway.client(alice).chat.completions.with_raw_response.create(
                    model=base, messages=MESSAGES, max_tokens=1
                )
                row = tables.usage(raw.headers["x-request-id"])
                if row["price_version_id"] != old:
                    break
        assert row["cost"] == (row["prompt_tokens"] + row["completion_tokens"]) * 900_000


@pytest.mark.parametrize("key", [True, False])
async def test_its_cap_falls(changed: Any, alice: Any, base: str, tables: Any, key: bool) -> None:
    from motet_platform.wallet.caps import CapAsked, account_cap_set, key_cap_set

    def lower() -> None:
        if key:
            key_cap_set(alice.account, alice.key_id, CapAsked(0, "day"))
        else:
            account_cap_set(alice.account, CapAsked(0, "day"))

    async with changed(alice, lower, tokens=3000) as (gateway, last, _):
        # What was held stays held, and no more is. It was for a longer prompt: the difference
        # pays for a few tokens more than the first 1,024.
        done = last["usage"]["completion_tokens"]
        assert last["code"] == "spend_cap_reached" and 1024 <= done < 1100
        assert await ask(gateway, alice, base) == "spend_cap_reached"
        (cap,) = tables.rows("SELECT spent, reserved FROM billing_cap")
        assert cap == {"spent": cost(7, done), "reserved": 0}


async def test_its_cap_rises(changed: Any, alice: Any) -> None:
    from motet_platform.wallet.caps import CapAsked, key_cap_set

    key_cap_set(alice.account, alice.key_id, CapAsked(cost(60, 1100), "day"))

    def raise_it() -> None:
        key_cap_set(alice.account, alice.key_id, CapAsked(cost(60, 5000), "day"))

    async with changed(alice, raise_it, tokens=3000) as (_, last, _):
        assert last["usage"]["completion_tokens"] == 3000 and "code" not in last


async def test_its_key_is_revoked(changed: Any, alice: Any, base: str, tables: Any) -> None:
    def revoke() -> None:
        tables.rows("UPDATE keys_apikey SET revoked_at = now() WHERE id = %s", alice.key_id)

    async with changed(alice, revoke, tokens=2000) as (gateway, last, _):
        assert last["usage"]["completion_tokens"] == 2000
        await soon(gateway, alice, base, "invalid_api_key")


async def test_its_account_is_suspended(changed: Any, alice: Any, base: str) -> None:
    from motet_platform.accounts.services import account_suspend

    async with changed(
        alice, lambda: account_suspend(account=alice.account, suspended=True), tokens=2000
    ) as (gateway, last, _):
        assert last["usage"]["completion_tokens"] == 2000
        await soon(gateway, alice, base, "account_suspended")


async def test_its_account_is_closed(changed: Any, alice: Any, base: str) -> None:
    from motet_platform.team.account import account_delete

    async with changed(
        alice, lambda: account_delete(account=alice.account, confirm=alice.slug), tokens=2000
    ) as (gateway, last, _):
        assert last["usage"]["completion_tokens"] == 2000
        await soon(gateway, alice, base, "invalid_api_key")


async def test_its_credit_is_taken_back(changed: Any, alice: Any, base: str, tables: Any) -> None:
    """A dispute in the middle takes all that is free, and nothing of what is held."""
    from motet_billing.selectors import balance
    from motet_billing.services import credit_take

    def take() -> None:
        credit_take(
            wallet_id=alice.wallet_id, amount=balance(alice.account.pk).available, kind="dispute",
            source_key="du_1", memo="",
        )  # fmt: skip

    async with changed(alice, take, tokens=3000) as (gateway, last, _):
        assert last["code"] == "insufficient_credit"
        (wallet,) = tables.rows("SELECT posted FROM billing_wallet")
        assert last["usage"]["completion_tokens"] >= 1024 and wallet["posted"] < cost(0, 1)
        assert await ask(gateway, alice, base) == "insufficient_credit"


async def test_a_top_up_arrives_in_time(changed: Any, tenants: Any) -> None:
    from motet_billing.services import credit_grant

    poor = tenants("poor", credit=usd(cost(60, 1100)))

    def top_up() -> None:
        credit_grant(wallet_id=poor.wallet_id, amount=cost(0, 5000), kind="paid", source_key="late")

    async with changed(poor, top_up, tokens=3000) as (_, last, _):
        assert last["usage"]["completion_tokens"] == 3000 and "code" not in last


@pytest.mark.parametrize("hours", [-30, 30])
async def test_the_gateways_clock_is_wrong(
    changed: Any, alice: Any, base: str, tables: Any, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """Leases, caps and lots go by the database's; only the record's own time is the gateway's."""
    from motet_platform.metering import sink
    from motet_platform.wallet.caps import CapAsked, key_cap_set

    class Skewed(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + timedelta(hours=hours)

    key_cap_set(alice.account, alice.key_id, CapAsked(cost(100, 5000), "day"))
    monkeypatch.setattr(sink, "datetime", Skewed)
    async with changed(alice, lambda: None) as (_, _, request_id):
        hold, row = tables.hold(request_id), tables.usage(request_id)
        assert abs(hold["closed_at"] - datetime.now(UTC)) < timedelta(hours=1)
        assert abs(row["created_at"] - datetime.now(UTC)) > timedelta(hours=20)
        (cap,) = tables.rows("SELECT spent FROM billing_cap")
        assert cap["spent"] == cost(7, 60)


@pytest.mark.parametrize(("prompt", "charged"), [(7, cost(7, 0)), (0, 0)])
async def test_an_answer_without_a_token(
    gateway: Any, worker: Any, alice: Any, base: str, tables: Any, prompt: int, charged: int
) -> None:
    async def nothing(run: Any) -> None:
        run.accept(prompt)
        run.finish(prompt, [pb.Choice(index=0, finish_reason="stop")])

    worker.script = nothing
    raw = await gateway.client(alice).chat.completions.with_raw_response.create(
        model=base, messages=MESSAGES
    )
    assert raw.parse().usage.completion_tokens == 0
    request_id = raw.headers["x-request-id"]
    hold = tables.hold(request_id)
    assert (hold["state"], hold["captured"]) == ("captured" if charged else "released", charged)
    assert tables.usage(request_id)["cost"] == charged
    await beside(books_are_right)
