"""Every token is in the usage, and the balance went down by tokens times price, exactly."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import openai
import pytest
from motet_platform.supervisor.testing import LivePlatform, until

INPUT, CACHED, OUTPUT = (Decimal(micro) / 10**12 for micro in (100_000, 50_000, 200_000))


def cost(usage: Any) -> Decimal:
    """USD of one answer, from the usage that the client was shown."""
    cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else 0
    fresh = usage.prompt_tokens - cached
    return fresh * INPUT + cached * CACHED + usage.completion_tokens * OUTPUT


def balance(api: httpx.Client) -> dict[str, Decimal]:
    shown = api.get("/billing/balance").json()
    return {name: Decimal(shown[name]) for name in ("posted", "reserved", "available")}


def settled(api: httpx.Client) -> dict[str, Decimal]:
    until(lambda: balance(api)["reserved"] == 0, "settlement of every hold")
    return balance(api)


def test_usage_and_balance_agree_with_what_clients_saw(
    new_client: Callable[[], openai.OpenAI],
    manage: Callable[..., httpx.Client],
    say: Callable[..., Any],
) -> None:
    client = new_client()
    api = manage(client)
    before = settled(api)
    assert before["posted"] == Decimal(5)
    usages = []
    for number in range(6):
        text = f"My name is Anna, order {number}. " + "Where is my parcel? " * 12
        usages.append(say(client, "motet-tiny", text, max_tokens=5 + number).usage)
    for _ in range(2):
        stream = say(
            client, "motet-tiny", "Tell me a story.", stream=True,
            stream_options={"include_usage": True},
        )  # fmt: skip
        usages.append(list(stream)[-1].usage)
    after = settled(api)
    expected = sum((cost(usage) for usage in usages), Decimal(0))
    assert before["posted"] - after["posted"] == expected
    assert after["available"] == after["posted"]

    rows = api.get("/usage", params={"group_by": "model"}).json()["data"]
    assert len(rows) == 1 and rows[0]["model"] == "motet-tiny"
    assert rows[0]["requests"] == len(usages)
    assert rows[0]["prompt_tokens"] == sum(u.prompt_tokens for u in usages)
    assert rows[0]["completion_tokens"] == sum(u.completion_tokens for u in usages)
    assert Decimal(rows[0]["cost"]) == expected


def test_an_adapter_costs_what_its_base_costs(
    alice: openai.OpenAI, adapters: dict[str, str], manage: Callable[..., httpx.Client],
    say: Callable[..., Any],
) -> None:  # fmt: skip
    api = manage(alice)
    before = settled(api)
    usages = [say(alice, model, "Hello there").usage for model in adapters.values()]
    after = settled(api)
    assert before["posted"] - after["posted"] == sum((cost(u) for u in usages), Decimal(0))


def test_without_credit_the_answer_is_402(
    platform: LivePlatform, base_url: str, manage: Callable[..., httpx.Client],
    say: Callable[..., Any],
) -> None:  # fmt: skip
    key = platform.account_create("poor@example.com", MOTET_SIGNUP_CREDIT_USD="0")
    poor = openai.OpenAI(base_url=base_url, api_key=key, max_retries=0)
    with pytest.raises(openai.APIStatusError) as refused:
        say(poor, "motet-tiny", "Hello")
    assert refused.value.status_code == 402
    assert refused.value.code == "insufficient_credit"
    assert balance(manage(poor))["posted"] == 0
    assert manage(poor).get("/usage").json()["data"] == []


def test_small_credit_ends_an_answer_and_is_never_overdrawn(
    platform: LivePlatform, base_url: str, manage: Callable[..., httpx.Client],
    say: Callable[..., Any],
) -> None:  # fmt: skip
    # Enough for the prompt and some 50 tokens: less than is asked for, more than none.
    key = platform.account_create("thrifty@example.com", MOTET_SIGNUP_CREDIT_USD="0.000015")
    thrifty = openai.OpenAI(base_url=base_url, api_key=key, max_retries=0)
    api = manage(thrifty)
    for _ in range(40):
        try:
            say(thrifty, "motet-tiny", "Hello", max_tokens=16, extra_body={"ignore_eos": True})
        except openai.APIStatusError as error:
            assert error.status_code == 402 and error.code == "insufficient_credit"
            break
    else:
        raise AssertionError("the credit never ended")
    left = settled(api)
    assert 0 <= left["posted"] < Decimal("0.000015")
    spent = sum(Decimal(row["cost"]) for row in api.get("/usage").json()["data"])
    assert left["posted"] + spent == Decimal("0.000015")
