"""What goes wrong before the first token: status, code, shape, and that nothing is charged."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from motet_inference.rpc import worker_pb2 as pb
from motet_platform.keys import secret

MESSAGES: Any = [{"role": "user", "content": "Say something."}]


async def ask(client: Any, model: str, **fields: Any) -> Any:
    return await client.chat.completions.create(model=model, messages=MESSAGES, **fields)


def no_money_moved(tables: Any, tenant: Any) -> bool:
    (wallet,) = tables.rows("SELECT * FROM billing_wallet WHERE id = %s", tenant.wallet_id)
    return wallet["reserved"] == 0 and wallet["posted"] == 5 * 10**12


@pytest.mark.parametrize("key", ["nonsense", "mot_live_" + "0" * 38, "a b", "\xff"])
async def test_a_malformed_key_never_reaches_the_database(
    gateway: Any, base: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unwanted(*_: Any, **__: Any) -> Any:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(gateway.services.database, "fetch", unwanted)
    async with gateway.http() as http:
        answer = await http.post(
            "/v1/chat/completions",
            headers={"authorization": f"Bearer {key}".encode("latin-1")},
            json={},
        )
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"
    assert answer.headers["x-request-id"].startswith("req_")


async def test_unknown_revoked_and_expired_keys_are_told_the_same(
    gateway: Any, alice: Any, base: str, tables: Any
) -> None:
    refusals = []
    for change in ("revoked_at = now()", "revoked_at = NULL, expires_at = now()"):
        tables.rows(f"UPDATE keys_apikey SET {change} WHERE id = %s", alice.key_id)
        with pytest.raises(openai.AuthenticationError) as caught:
            await ask(gateway.client(alice), base)
        refusals.append(caught.value.body)
    with pytest.raises(openai.AuthenticationError) as caught:
        await ask(gateway.client(secret.new_secret()), base)
    refusals.append(caught.value.body)
    assert refusals[0] == refusals[1] == refusals[2]
    assert caught.value.code == "invalid_api_key"


async def test_no_key_of_a_deleted_account_works(
    gateway: Any, alice: Any, base: str, tables: Any
) -> None:
    """However it came to be there: the end of an account revokes its keys as well."""
    account = alice.account.pk
    tables.rows("UPDATE accounts_account SET deleted_at = now() WHERE id = %s", account)
    with pytest.raises(openai.AuthenticationError) as caught:
        await ask(gateway.client(alice), base)
    assert caught.value.code == "invalid_api_key"


async def test_a_revoked_key_stops_by_notice_not_by_age(
    gateways: Any, worker: Any, alice: Any, base: str, tables: Any
) -> None:
    async with gateways([worker], cache_s=3600) as gateway:
        await ask(gateway.client(alice), base)
        tables.rows("UPDATE keys_apikey SET revoked_at = now() WHERE id = %s", alice.key_id)
        for _ in range(500):
            try:
                await ask(gateway.client(alice), base, max_tokens=1)
            except openai.AuthenticationError:
                break
        else:
            pytest.fail("the revoked key still works")


async def test_a_suspended_account_and_a_key_without_the_scope(
    gateway: Any, alice: Any, tenants: Any, base: str, tables: Any
) -> None:
    narrow = tenants("narrow", scopes=["usage"])
    with pytest.raises(openai.PermissionDeniedError) as caught:
        await ask(gateway.client(narrow), base)
    assert caught.value.code == "permission_denied"
    account = alice.account.pk
    tables.rows("UPDATE accounts_account SET suspended_at = now() WHERE id = %s", account)
    with pytest.raises(openai.PermissionDeniedError) as caught:
        await ask(gateway.client(alice), base)
    assert caught.value.code == "account_suspended"


async def test_no_credit(gateway: Any, tenants: Any, base: str) -> None:
    poor = tenants("poor", credit="0.000003")
    with pytest.raises(openai.APIStatusError) as caught:
        await ask(gateway.client(poor), base, max_tokens=100)
    assert caught.value.status_code == 402
    assert caught.value.code == "insufficient_credit"
    # 14 bytes and one message: an estimate of 21 prompt tokens, 2.1e-6 USD of the 3e-6.
    assert "about 4 output tokens" in caught.value.message
    answer = await ask(gateway.client(poor), base, max_tokens=4)
    assert answer.usage.completion_tokens == 4


@pytest.mark.parametrize(
    ("code", "status", "shown"),
    [
        ("context_length_exceeded", 400, "context_length_exceeded"),
        ("invalid_request", 400, "invalid_request"),
        ("adapter_incompatible", 400, "adapter_incompatible"),
        ("adapter_unavailable", 503, "adapter_unavailable"),
        ("adapter_digest_mismatch", 500, "adapter_digest_mismatch"),
        ("something_else", 500, "internal_error"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_a_worker_that_refuses(
    gateway: Any, worker: Any, alice: Any, base: str, tables: Any,
    code: str, status: int, shown: str, stream: bool,
) -> None:  # fmt: skip
    async def refuse(run: Any) -> None:
        run.accept(5)
        run.fail(code, "This is why.", pb.Usage(prompt_tokens=5))

    worker.script = refuse
    with pytest.raises(openai.APIStatusError) as caught:
        await ask(gateway.client(alice), base, stream=stream)
    assert (caught.value.status_code, caught.value.code) == (status, shown)
    assert ("retry-after" in caught.value.response.headers) == (status == 503)
    row = tables.usage(caught.value.response.headers["x-request-id"])
    assert (row["status"], row["cost"], row["prompt_tokens"]) == (status, 0, 0)
    assert no_money_moved(tables, alice)


async def test_no_worker(gateways: Any, alice: Any, base: str, tables: Any) -> None:
    async with gateways([]) as gateway:
        with pytest.raises(openai.InternalServerError) as caught:
            await ask(gateway.client(alice), base)
        ready = await gateway.http().get("/readyz")
    assert caught.value.status_code == 503
    assert caught.value.code == "model_not_served"
    assert int(caught.value.response.headers["retry-after"]) > 0
    assert no_money_moved(tables, alice)
    assert ready.status_code == 503


async def test_methods_and_addresses(gateway: Any, alice: Any) -> None:
    async with gateway.http(alice) as http:
        wrong = await http.get("/v1/chat/completions")
        unknown = await http.post("/inference/v1/nothing")
        embeddings = await http.post("/inference/v1/embeddings", json={"input": "y"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "POST, OPTIONS"
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "not_found")
    assert (embeddings.status_code, embeddings.json()["error"]["code"]) == (501, "not_supported")
    assert embeddings.headers["x-should-retry"] == "false"
    for answer in (wrong, unknown, embeddings):
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
        assert answer.headers["x-request-id"].startswith("req_")


async def test_what_is_not_inference_is_djangos(gateway: Any) -> None:
    async with gateway.http() as http:
        answer = await http.get("/admin/login/")
    assert answer.status_code == 200
    assert "motet_csrf" in answer.cookies


async def test_a_browser_may_call_from_anywhere_without_cookies(gateway: Any, alice: Any) -> None:
    origin = {"origin": "https://app.example"}
    async with gateway.http() as http:
        asked = {**origin, "access-control-request-headers": "authorization,x-stainless-lang"}
        preflight = await http.options("/v1/chat/completions", headers=asked)
        refused = await http.post("/v1/chat/completions", headers=origin)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-headers"] == "authorization,x-stainless-lang"
    for answer in (preflight, refused):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
    assert refused.status_code == 401


async def test_a_body_that_is_too_large(gateways: Any, worker: Any, alice: Any) -> None:
    async def pieces() -> Any:
        for _ in range(64):
            yield b" " * 64

    async with gateways([worker], max_body_bytes=1024) as gateway, gateway.http(alice) as http:
        declared = await http.post("/v1/chat/completions", content=b" " * 2048)
        counted = await http.post("/v1/chat/completions", content=pieces())
        after = await http.get("/v1/models")
    for answer in (declared, counted):
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "payload_too_large"
    assert after.status_code == 200


BAD_BODIES: list[tuple[bytes, str | None]] = [
    (b"", None),
    (b"{", None),
    (b"[]", None),
    (b'"text"', None),
    (b"\xff\xfe", None),
    (b'{"model": "\xff"}', None),
    (b'{"model": "m", "messages": [{"role": "user", "content": "\\ud800"}]}', None),
    (b"[" * 100_000, None),
    (b'{"model": "m", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", None),
    (b'{"messages": [{"role": "user", "content": "x"}]}', "model"),
    (b'{"model": "m"}', "messages"),
    (b'{"model": "m", "messages": []}', "messages"),
    (b'{"model": "", "messages": [{"role": "user", "content": "x"}]}', "model"),
    (b'{"model": 5, "messages": [{"role": "user", "content": "x"}]}', "model"),
    (b'{"model": "m", "messages": [{"role": "user"}]}', "messages[0].content"),
    (b'{"model": "m", "messages": [{"role": "king", "content": "x"}]}', "messages[0].role"),
    (b'{"model": "m", "messages": [{"role": "tool", "content": "x"}]}', "messages[0].role"),
]
BAD_FIELDS: list[tuple[str, Any]] = [
    ("n", 0), ("n", 17), ("n", 10**30), ("n", 1.5), ("n", True),
    ("temperature", -0.1), ("temperature", 2.1), ("temperature", "hot"),
    ("top_p", -0.1), ("top_p", 1.1), ("min_p", -1), ("top_k", -2),
    ("presence_penalty", 3), ("frequency_penalty", -3), ("repetition_penalty", 0),
    ("max_tokens", 0), ("max_tokens", -1), ("max_completion_tokens", 2**40),
    ("seed", 2**64), ("stop", ["a"] * 5), ("stop", [""]), ("stop", 5),
    ("logit_bias", {"1": 101}), ("logit_bias", {"word": 1}), ("logit_bias", {"99999999999": 1}),
    ("logit_bias", {str(i): 1 for i in range(1025)}),
    ("top_logprobs", 5), ("logprobs", 5),
    ("tools", [{"type": "function", "function": {"name": "f"}}]),
    ("functions", [{"name": "f"}]), ("tool_choice", "required"), ("function_call", {"name": "f"}),
    ("response_format", {"type": "json_object"}), ("response_format", {"type": "json_schema"}),
    ("audio", {"voice": "alloy"}), ("modalities", ["text", "audio"]), ("prediction", {"a": 1}),
    ("web_search_options", {"a": 1}), ("guided_json", {"a": 1}), ("prompt_logprobs", 1),
    ("chat_template", "{{ x }}"), ("chat_template_kwargs", {"a": 1}), ("cache_salt", "x"),
    ("cache_salt", False), ("messages", [{"role": "user", "content": "x"}] * 4097),
    ("messages", [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]),
    ("messages", [{"role": "user", "content": [{"type": "text"}]}]),
    ("messages", [{"role": "assistant", "tool_calls": [{"id": "1"}]}]),
]  # fmt: skip


async def test_malformed_requests(
    gateway: Any, worker: Any, alice: Any, base: str, tables: Any
) -> None:
    fine = {"model": base, "messages": MESSAGES}
    bodies = BAD_BODIES + [
        (json.dumps({**fine, field: value}).encode(), None) for field, value in BAD_FIELDS
    ]
    async with gateway.http(alice) as http:
        for body, param in bodies:
            answer = await http.post("/v1/chat/completions", content=body)
            assert answer.status_code == 400, (body[:80], answer.text)
            error = answer.json()["error"]
            assert error["type"] == "invalid_request_error"
            assert error["message"]
            assert param is None or error["param"] == param, body[:80]
        assert (await http.post("/v1/chat/completions", json=fine)).status_code == 200
    assert len(worker.runs) == 1
    assert no_money_moved(tables, alice) is False
    (count,) = tables.rows("SELECT count(*) FROM billing_hold")
    assert count["count"] == 1


async def test_what_clients_send_without_meaning_it_passes(
    gateway: Any, alice: Any, base: str
) -> None:
    harmless = {
        "tools": [], "tool_choice": "none", "functions": None, "response_format": {"type": "text"},
        "logit_bias": {}, "stop": None, "n": None, "modalities": ["text"], "audio": None,
        "parallel_tool_calls": True, "service_tier": "auto", "reasoning_effort": "low",
        "top_k": -1, "safety_identifier": "x", "prompt_cache_key": "y", "a_new_field": {"a": [1]},
        "stream_options": None, "cache_salt": None, "verbosity": "low",
    }  # fmt: skip
    async with gateway.http(alice) as http:
        body = {"model": base, "messages": MESSAGES, **harmless}
        answer = await http.post("/inference/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["finish_reason"] == "stop"


async def test_the_database_is_away(
    gateways: Any, worker: Any, alice: Any, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateways([worker]) as gateway:
        monkeypatch.setattr(
            gateway.services.database, "_dsn", "host=127.0.0.1 port=1 connect_timeout=1"
        )
        await gateway.services.database.close()
        with pytest.raises(openai.InternalServerError) as caught:
            await ask(gateway.client(alice), base)
        ready = await gateway.http().get("/readyz")
        healthy = await gateway.http().get("/healthz")
    assert caught.value.status_code == 503
    assert int(caught.value.response.headers["retry-after"]) > 0
    assert ready.status_code == 503
    assert healthy.status_code == 200


async def test_the_database_drops_every_connection(
    gateways: Any, worker: Any, alice: Any, base: str, tables: Any
) -> None:
    async with gateways([worker], cache_s=3600) as gateway:
        await ask(gateway.client(alice), base, max_tokens=1)
        gateway.services.keys.forget_all()
        dropped = tables.rows(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name LIKE 'motet%%'"""
        )
        assert len(dropped) >= 3
        # At once, as if nothing had been.
        await ask(gateway.client(alice), base, max_tokens=1)
        # A change is learnt even if its notice comes while nobody listens.
        tables.rows("UPDATE keys_apikey SET revoked_at = now() WHERE id = %s", alice.key_id)
        with pytest.raises(openai.AuthenticationError):
            for _ in range(2000):
                await ask(gateway.client(alice), base, max_tokens=1)
