"""Names of models: what each tenant sees, what it may use, and where a name leads."""

from __future__ import annotations

from collections import Counter
from typing import Any

import openai
import pytest

MESSAGES: Any = [{"role": "user", "content": "Say something."}]


async def ask(gateway: Any, tenant: Any, model: str) -> Any:
    return await gateway.client(tenant).chat.completions.create(
        model=model, messages=MESSAGES, max_tokens=1
    )


async def test_every_form_of_a_name(gateway: Any, worker: Any, alice: Any, base: str) -> None:
    first, second = alice.adapter("support", versions=2)
    name = f"{alice.slug}/support"
    forms = {
        base: "",
        name: second,
        f"{name}@1": first,
        f"{name}@2": second,
        f"{name}:default": second,
        f"accounts/{alice.slug}/models/support": second,
        f"accounts/{alice.slug}/models/support@1": first,
    }
    for model, digest in forms.items():
        answer = await ask(gateway, alice, model)
        assert answer.model == model
        submit = worker.runs[-1].submit
        assert submit.base_model == base
        assert submit.HasField("adapter") == bool(digest)
        assert submit.adapter.digest == digest
    assert worker.runs[1].submit.adapter.uri == f"file:///store/{second}"
    assert worker.runs[1].submit.adapter.rank == 16


async def test_names_that_lead_nowhere(
    gateway: Any, worker: Any, alice: Any, bob: Any, base: str, tables: Any
) -> None:
    alice.adapter("support")
    names = [
        f"{alice.slug}/support",  # another tenant's
        f"accounts/{alice.slug}/models/support",
        f"{alice.slug}/support@1",
        f"{bob.slug}/support",  # nobody's
        "support",
        f"{base}@1",
        "no-such-base",
        "", "a" * 300, f"{base}\u0000", "../etc/passwd", "a/b/c", "' OR 1=1 --", f"{base} ", "BASE",
    ]  # fmt: skip
    errors = []
    async with gateway.http(bob) as http:
        for name in names:
            answer = await http.post(
                "/v1/chat/completions", json={"model": name, "messages": MESSAGES}
            )
            errors.append((name, answer.status_code, answer.json()["error"]))
    for name, status, error in errors:
        if name:
            assert (status, error["code"], error["param"]) == (404, "model_not_found", "model")
    shapes = {e["message"].replace(name, "...") for name, _, e in errors if 0 < len(name) < 200}
    assert len(shapes) == 1, "the words do not depend on whose name it is"
    assert not worker.runs
    assert tables.rows("SELECT count(*) FROM billing_hold")[0]["count"] == 0


async def test_a_strangers_name_costs_the_same_query_as_nobodys(
    gateway: Any, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.adapter("support")
    asked: list[tuple[str, Any]] = []
    database = gateway.services.database
    fetch = type(database).fetch

    async def watched(self: Any, query: str, parameters: Any = ()) -> Any:
        asked.append((query, parameters[0] if "adapters_adapter" in query else None))
        return await fetch(self, query, parameters)

    monkeypatch.setattr(type(database), "fetch", watched)
    seen = []
    for name in (f"{alice.slug}/support", f"{alice.slug}/nothing", f"{bob.slug}/nothing"):
        asked.clear()
        with pytest.raises(openai.NotFoundError):
            await ask(gateway, bob, name)
        seen.append([pair for pair in asked if pair[1] is not None])
    assert seen[0] == seen[1] == seen[2]
    assert [account for _, account in seen[0]] == [bob.account.pk]


async def test_an_alias_splits_traffic_by_weight(
    gateway: Any, worker: Any, alice: Any, tables: Any
) -> None:
    first, second = alice.adapter("support", versions=2)
    tables.rows(
        """WITH alias AS (
               INSERT INTO adapters_alias (adapter_id, name, updated_at)
               SELECT id, 'canary', now() FROM adapters_adapter RETURNING id)
           INSERT INTO adapters_aliastarget (alias_id, version_id, weight)
           SELECT alias.id, v.id, CASE v.number WHEN 1 THEN 9 ELSE 1 END
             FROM alias, adapters_version v"""
    )
    draws = iter([i / 20 for i in range(20)])
    gateway.services.routes._draw = lambda: next(draws)
    for _ in range(20):
        await ask(gateway, alice, f"{alice.slug}/support:canary")
    shares = Counter(run.submit.adapter.digest for run in worker.runs)
    assert shares == {first: 18, second: 2}


async def test_a_change_of_routes_is_heard(
    gateways: Any, worker: Any, alice: Any, tables: Any
) -> None:
    first, second = alice.adapter("support", versions=2)
    name = f"{alice.slug}/support"
    async with gateways([worker], cache_s=3600) as gateway:
        await ask(gateway, alice, name)
        tables.rows(
            """UPDATE adapters_aliastarget t SET version_id = v.id
                 FROM adapters_version v WHERE v.number = 1"""
        )
        for _ in range(500):
            await ask(gateway, alice, name)
            if worker.runs[-1].submit.adapter.digest == first:
                break
        else:
            pytest.fail("the old version is still served")
    assert worker.runs[0].submit.adapter.digest == second


async def test_only_ready_versions_are_served(gateway: Any, alice: Any, tables: Any) -> None:
    alice.adapter("support", versions=2)
    tables.rows("UPDATE adapters_version SET state = 'rejected' WHERE number = 2")
    for name in (f"{alice.slug}/support", f"{alice.slug}/support@2"):
        with pytest.raises(openai.NotFoundError):
            await ask(gateway, alice, name)
    await ask(gateway, alice, f"{alice.slug}/support@1")
    tables.rows("UPDATE adapters_adapter SET deleted_at = now()")
    gateway.services.routes.forget_all()
    with pytest.raises(openai.NotFoundError):
        await ask(gateway, alice, f"{alice.slug}/support@1")


async def test_a_key_with_a_list_of_models(
    gateway: Any, tenants: Any, base: str, tables: Any
) -> None:
    limited = tenants("limited")
    limited.adapter("support")
    limited.adapter("sales")
    name = f"{limited.slug}/support"
    tables.rows("UPDATE keys_apikey SET models = %s WHERE id = %s", [name], limited.key_id)
    for allowed in (name, f"{name}@1", f"accounts/{limited.slug}/models/support"):
        await ask(gateway, limited, allowed)
    for other in (base, f"{limited.slug}/sales"):
        with pytest.raises(openai.PermissionDeniedError) as caught:
            await ask(gateway, limited, other)
        assert caught.value.code == "model_not_allowed"
    async with gateway.client(limited) as client:
        assert [m.id async for m in client.models.list()] == [name]
        with pytest.raises(openai.NotFoundError):
            await client.models.retrieve(base)


async def test_models(gateway: Any, alice: Any, bob: Any, base: str) -> None:
    (digest,) = alice.adapter("support")
    name = f"{alice.slug}/support"
    async with gateway.client(alice) as client:
        models = {model.id: model async for model in client.models.list()}
        one = await client.models.retrieve(name)
        version = await client.models.retrieve(f"{name}@1")
        long = await client.models.retrieve(f"accounts/{alice.slug}/models/support")
        plain = await client.models.retrieve(base)
    assert set(models) == {base, name}
    assert models[base].object == "model"
    assert models[base].owned_by == "motet"
    assert (one.owned_by, one.parent, one.root) == (alice.slug, base, f"{name}@1")
    assert one.adapter == {"version": 1, "digest": digest, "rank": 8}
    assert (version.id, version.adapter) == (f"{name}@1", one.adapter)
    assert (long.id, long.root) == (f"accounts/{alice.slug}/models/support", f"{name}@1")
    assert plain.id == base and plain.created > 0
    async with gateway.client(bob) as client:
        assert [model.id async for model in client.models.list()] == [base]
        with pytest.raises(openai.NotFoundError) as caught:
            await client.models.retrieve(name)
        assert caught.value.code == "model_not_found"


async def test_each_account_has_a_cache_salt_of_its_own(
    gateway: Any, worker: Any, alice: Any, bob: Any, base: str
) -> None:
    for tenant in (alice, bob, alice):
        await ask(gateway, tenant, base)
    salts = [run.submit.cache_salt for run in worker.runs]
    assert salts[0] == salts[2] != salts[1]
    assert len({run.submit.request_id for run in worker.runs}) == 3
