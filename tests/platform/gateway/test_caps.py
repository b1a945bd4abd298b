"""Limits on what is spent: caps of keys and accounts, and a request's own max_cost."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import openai
import pytest
from motet_billing.caps import window
from motet_billing.money import usd

MESSAGES: Any = [{"role": "user", "content": "Say something."}]


def cost(prompt: int, completion: int) -> int:
    return prompt * 100_000 + completion * 200_000


def cap(tenant: Any, limit: int, *, key: bool = True) -> None:
    from motet_platform.wallet.caps import CapAsked, account_cap_set, key_cap_set

    asked = CapAsked(limit, "month")
    if key:
        key_cap_set(tenant.account, tenant.key_id, asked)
    else:
        account_cap_set(tenant.account, asked)


def body(base: str, **more: Any) -> dict[str, Any]:
    return {"model": base, "messages": MESSAGES, **more}


def last_chunk(text: str) -> dict[str, Any]:
    return dict(json.loads(text.split("\n\n")[-3][6:]))


@pytest.mark.parametrize("key", [True, False])
async def test_a_burst_stops_at_the_cap(
    gateway: Any, worker: Any, alice: Any, base: str, tables: Any, key: bool
) -> None:
    cap(alice, cost(22 * 20, 10 * 20), key=key)  # 20 requests' holds, or a few more

    async def ask() -> Any:
        try:
            return await client.chat.completions.create(model=base, messages=MESSAGES, max_tokens=9)
        except openai.APIStatusError as error:
            return error

    async with gateway.client(alice) as client:
        answers = await asyncio.gather(*(ask() for _ in range(100)))
    refused = [answer for answer in answers if isinstance(answer, openai.APIStatusError)]
    assert refused and len(refused) < 100
    assert {(e.status_code, e.code) for e in refused} == {(402, "spend_cap_reached")}
    whose = "this key" if key else "the account"
    assert whose in refused[0].message and "raise the cap" in refused[0].message
    (row,) = tables.rows("SELECT * FROM billing_cap")
    assert row["spent"] == (100 - len(refused)) * cost(7, 9) <= row["limit"]
    assert row["reserved"] == 0


async def test_another_key_goes_on(
    gateway: Any, worker: Any, alice: Any, base: str, tables: Any
) -> None:
    from motet_platform.keys.services import key_create

    cap(alice, 0)
    async with gateway.client(alice) as client:
        with pytest.raises(openai.APIStatusError) as caught:
            await client.chat.completions.create(model=base, messages=MESSAGES)
    assert caught.value.code == "spend_cap_reached"
    assert not worker.runs
    other = key_create(account=alice.account, name="other")
    async with gateway.client(other.secret) as client:
        await client.chat.completions.create(model=base, messages=MESSAGES)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_cap_ends_a_long_answer(
    gateway: Any, worker: Any, alice: Any, base: str, stream: bool
) -> None:
    cap(alice, cost(7, 1500))
    async with gateway.http(alice) as http:
        answer = await http.post(
            "/v1/chat/completions", json=body(base, max_tokens=10**6, stream=stream)
        )
    assert answer.status_code == 200
    last = last_chunk(answer.text) if stream else answer.json()
    assert last["choices"][0]["finish_reason"] == "length"
    assert last["code"] == "spend_cap_reached"
    assert last["usage"]["completion_tokens"] == 1500


async def test_a_cap_that_is_set_late_counts_the_period(
    gateway: Any, worker: Any, alice: Any, base: str, tables: Any
) -> None:
    async with gateway.client(alice) as client:
        await client.chat.completions.create(model=base, messages=MESSAGES, max_tokens=9)
    cap(alice, cost(7, 9) + 1)
    (row,) = tables.rows("SELECT * FROM billing_cap")
    assert (row["spent"], row["window_start"]) == (
        cost(7, 9), window("month", row["created_at"]),
    )  # fmt: skip


# ---- max_cost ----


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("tokens", [1, 20, 300, 1500])
async def test_max_cost_ends_an_answer_with_the_last_token_that_fits(
    gateway: Any, worker: Any, script: Any, alice: Any, base: str, tables: Any, tokens: int,
    stream: bool,
) -> None:  # fmt: skip
    worker.script = script(tokens=3000)
    limit = usd(cost(7, tokens) + 199_999)
    async with gateway.http(alice) as http:
        answer = await http.post(
            "/v1/chat/completions", json=body(base, max_cost=limit, stream=stream)
        )
    assert answer.status_code == 200, answer.text
    last = last_chunk(answer.text) if stream else answer.json()
    assert last["choices"][0]["finish_reason"] == "length"
    assert last["code"] == "max_cost_reached"
    assert last["usage"]["completion_tokens"] == tokens
    assert tables.usage(answer.headers["x-request-id"])["cost"] == cost(7, tokens)


async def test_max_cost_that_is_enough_changes_nothing(
    gateway: Any, worker: Any, alice: Any, base: str
) -> None:
    for limit in (usd(cost(7, 5)), "0.01"):
        async with gateway.http(alice) as http:
            answer = await http.post("/v1/chat/completions", json=body(base, max_cost=limit))
        assert answer.json()["choices"][0]["finish_reason"] == "stop"
        assert "code" not in answer.json()


@pytest.mark.parametrize("prompt", [7, 5000])
async def test_a_prompt_above_max_cost_is_402_and_free(
    gateway: Any, worker: Any, script: Any, alice: Any, base: str, tables: Any, prompt: int
) -> None:
    worker.script = script(prompt=prompt)
    limit = usd(cost(0, 1) - 1) if prompt == 7 else usd(cost(5000, 0))
    async with gateway.client(alice) as client:
        with pytest.raises(openai.APIStatusError) as caught:
            await client.chat.completions.create(
                model=base, messages=MESSAGES, extra_body={"max_cost": limit}
            )
    assert (caught.value.status_code, caught.value.code) == (402, "max_cost_reached")
    assert limit in caught.value.message
    assert [row["cost"] for row in tables.rows("SELECT cost FROM metering_usagerecord")] in (
        [], [0],
    )  # fmt: skip


async def test_a_longer_prompt_than_estimated_takes_its_part_of_max_cost(
    gateway: Any, worker: Any, script: Any, alice: Any, base: str
) -> None:
    worker.script = script(prompt=60, tokens=3000)
    async with gateway.http(alice) as http:
        answer = await http.post(
            "/v1/chat/completions", json=body(base, max_cost=usd(cost(60, 40)))
        )
    assert answer.json()["usage"]["completion_tokens"] == 40


async def test_less_credit_than_max_cost(
    gateway: Any, worker: Any, script: Any, tenants: Any, base: str
) -> None:
    worker.script = script(tokens=3000)
    poor = tenants("poor", credit=usd(cost(7, 1300)))
    async with gateway.http(poor) as http:
        answer = await http.post(
            "/v1/chat/completions", json=body(base, max_cost=usd(cost(7, 2500)))
        )
    last = answer.json()
    assert (last["usage"]["completion_tokens"], last["code"]) == (1300, "insufficient_credit")


@pytest.mark.parametrize("wrong", ["0", "-1", "a", "1e-3", "0.0000000000001", "9" * 20, 0.5, ""])
async def test_what_is_no_max_cost(gateway: Any, alice: Any, base: str, wrong: Any) -> None:
    async with gateway.http(alice) as http:
        answer = await http.post("/v1/chat/completions", json=body(base, max_cost=wrong))
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "max_cost"
