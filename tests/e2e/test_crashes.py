"""kill -9 in the middle of a stream: the client is told, the charge is exact, service is back."""

import contextlib
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import httpx
import openai
import pytest
from motet_billing.audit import AUDIT
from motet_inference.tiny import ADAPTERS
from motet_platform.supervisor.testing import LivePlatform, until

INPUT, CACHED, OUTPUT = (Decimal(micro) / 10**12 for micro in (100_000, 50_000, 200_000))
LONG = {
    "model": "motet-tiny", "max_tokens": 400, "temperature": 0, "stream": True,
    "ignore_eos": True, "stream_options": {"include_usage": True},
    "messages": [{"role": "user", "content": "Tell me a long story."}],
}  # fmt: skip


def events(lines: Any) -> Any:
    """The JSON of each server-sent event, as the bytes come."""
    for line in lines:
        if line.startswith("data: ") and line != "data: [DONE]":
            yield json.loads(line.removeprefix("data: "))


def balance(api: httpx.Client) -> tuple[Decimal, Decimal]:
    shown = api.get("/billing/balance").json()
    return Decimal(shown["posted"]), Decimal(shown["reserved"])


def answers(client: openai.OpenAI, say: Callable[..., Any]) -> bool:
    with contextlib.suppress(openai.OpenAIError):
        return bool(say(client, "motet-tiny", "Hello").choices[0].message.content)
    return False


@pytest.fixture(autouse=True)
def books(platform: LivePlatform) -> Iterator[None]:
    """Whatever dies, the ledger's invariants hold at any instant."""
    yield
    assert platform.rows(AUDIT) == []


@pytest.fixture
def api(
    new_client: Callable[[], openai.OpenAI], manage: Callable[..., httpx.Client]
) -> httpx.Client:
    return manage(new_client())


def test_worker_killed_in_a_stream(
    platform: LivePlatform, api: httpx.Client, alice: openai.OpenAI, say: Callable[..., Any]
) -> None:
    before, _ = balance(api)
    seen: list[dict[str, Any]] = []
    with api.stream("POST", "/chat/completions", json=LONG) as reply:
        assert reply.status_code == 200
        for event in events(reply.iter_lines()):
            seen.append(event)
            if len(seen) == 8:
                platform.kill("worker")
    error = seen[-1]
    assert error["error"]["code"] and error["error"]["message"], error
    usage = error["usage"]
    texts = [e["choices"][0]["delta"].get("content") for e in seen[:-1] if e.get("choices")]
    assert 0 < len([t for t in texts if t]) <= usage["completion_tokens"] < 400
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
    charged = (usage["prompt_tokens"] - cached) * INPUT + cached * CACHED
    charged += usage["completion_tokens"] * OUTPUT
    until(lambda: balance(api) == (before - charged, 0), f"a charge of exactly {charged}")
    row = api.get("/usage", params={"group_by": "model"}).json()["data"][0]
    assert row["completion_tokens"] == usage["completion_tokens"]
    assert Decimal(row["cost"]) == charged
    until(lambda: answers(alice, say), "an answer of the new worker")


def test_gateway_killed_in_a_stream(
    platform: LivePlatform, api: httpx.Client, alice: openai.OpenAI, say: Callable[..., Any]
) -> None:
    before, _ = balance(api)
    delivered = 0
    with (
        pytest.raises(httpx.HTTPError),
        api.stream("POST", "/chat/completions", json=LONG) as reply,
    ):
        for event in events(reply.iter_lines()):
            if event["choices"] and event["choices"][0]["delta"].get("content"):
                delivered += 1
                if delivered == 8:
                    platform.kill("gateway")
    assert delivered >= 8
    until(lambda: answers(alice, say), "an answer through the new gateway")
    until(lambda: balance(api)[1] == 0, "the sweeper to end the hold", timeout=90)
    after, _ = balance(api)
    # Charged is the last durable checkpoint, never more than was delivered; the fault has a name.
    spent = sum(Decimal(row["cost"]) for row in api.get("/usage").json()["data"])
    assert before - after == spent
    assert 0 <= spent <= delivered * OUTPUT + 100 * INPUT
    ended = platform.rows("SELECT state FROM billing_hold WHERE fault = 'gateway_crash'")
    assert ended == [("captured" if spent else "released",)]


def test_database_killed_between_requests(
    platform: LivePlatform, api: httpx.Client, alice: openai.OpenAI, say: Callable[..., Any]
) -> None:
    before = balance(api)
    platform.kill("postgres")
    until(lambda: answers(alice, say), "an answer with the new PostgreSQL")
    assert balance(api) == before
    # The tasks process has found its way back too: only it can finish an upload.
    made = api.post("/adapters", json={"name": "after", "base_model": "motet-tiny"})
    assert made.status_code == 201, made.text
    shipped = ADAPTERS["sql"]
    files = {
        "adapter_config": (shipped / "adapter_config.json").read_bytes(),
        "adapter_model": (shipped / "adapter_model.safetensors").read_bytes(),
    }
    assert api.post("/adapters/after/versions", files=files).status_code == 202
    until(
        lambda: api.get("/adapters/after/versions/1").json()["state"] == "ready", "a checked upload"
    )


def test_everything_killed_at_once_comes_back(
    platform: LivePlatform, alice: openai.OpenAI, say: Callable[..., Any]
) -> None:
    adapter_list = sorted(model.id for model in alice.models.list())
    platform.kill_everything()
    platform.start()
    assert sorted(model.id for model in alice.models.list()) == adapter_list
    assert answers(alice, say)
