"""/v1/keys: made, shown once, listed, narrowed, revoked; and never across tenants."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from motet_platform.keys.models import ApiKey
from motet_platform.keys.secret import digest


def test_it_works(alice: Any, anonymous: Any) -> None:
    made = alice.api.post("/v1/keys", {"name": "ci", "scopes": ["keys"]}, format="json")
    assert made.status_code == 201, made.json()
    body = made.json()
    secret = body["key"]
    assert body["prefix"] == secret[: len(body["prefix"])]
    assert body["scopes"] == ["keys"]
    assert made.headers["cache-control"] == "no-store"
    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    listed = anonymous.get("/v1/keys").json()["data"]
    assert listed[0]["id"] == body["id"]
    assert not any("key" in key for key in listed)


def test_the_secret_is_nowhere_in_the_database(alice: Any) -> None:
    secret = alice.api.post("/v1/keys", {"name": "x"}, format="json").json()["key"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT k::text FROM keys_apikey k")
        rows = "".join(row[0] for row in cursor.fetchall())
    assert secret[20:] not in rows
    assert digest(secret).hex() in rows


def test_revoked_at_once(alice: Any, error_of: Any) -> None:
    other = alice.with_key()
    assert other.api.get("/v1/keys").status_code == 200
    assert alice.api.delete(f"/v1/keys/{other.key.pk}").status_code == 204
    refused = other.api.get("/v1/keys")
    assert refused.status_code == 401
    assert error_of(refused) == "invalid_api_key"
    assert alice.api.delete(f"/v1/keys/{other.key.pk}").status_code == 204


def test_rotated_at_once(alice: Any, anonymous: Any, error_of: Any) -> None:
    cap = {"limit": "5.00", "period": "day"}
    made = alice.api.post("/v1/keys", {"name": "ci", "spend_cap": cap}, format="json").json()
    answer = alice.api.post(f"/v1/keys/{made['id']}/rotate")
    assert answer.status_code == 200, answer.json()
    fresh = answer.json()
    assert fresh["key"] != made["key"] and fresh["key"].startswith(fresh["prefix"])
    kept = ("id", "name", "scopes", "created_at", "spend_cap")
    assert {name: fresh[name] for name in kept} == {name: made[name] for name in kept}
    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {made['key']}")
    assert error_of(anonymous.get("/v1/keys")) == "invalid_api_key"
    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {fresh['key']}")
    assert anonymous.get("/v1/keys").status_code == 200


def test_no_rotation_gains_anything(alice: Any, charlie: Any, error_of: Any) -> None:
    narrow = alice.with_key(scopes=["keys"])
    path = f"/v1/keys/{alice.key.pk}/rotate"
    before = bytes(ApiKey.objects.get(pk=alice.key.pk).digest)
    assert error_of(narrow.api.post(path)) == "key_exceeds_parent"
    assert error_of(charlie.api.post(path)) == "key_not_found"
    capped = {"spend_cap": {"limit": "1.00", "period": "day"}}
    me = f"/v1/keys/{narrow.key.pk}"
    assert alice.api.patch(me, capped, format="json").status_code == 200
    peer = alice.with_key(scopes=["keys"])
    uncapped = f"/v1/keys/{peer.key.pk}/rotate"
    assert error_of(narrow.api.post(uncapped)) == "key_is_limited"
    assert narrow.api.post(f"{me}/rotate").status_code == 200
    assert alice.api.delete(f"/v1/keys/{peer.key.pk}").status_code == 204
    assert error_of(alice.api.post(uncapped)) == "key_revoked"
    assert bytes(ApiKey.objects.get(pk=alice.key.pk).digest) == before


def test_a_stranger_sees_nothing(alice: Any, charlie: Any, error_of: Any) -> None:
    for method in (charlie.api.get, charlie.api.delete):
        answer = method(f"/v1/keys/{alice.key.pk}")
        assert answer.status_code == 404
        assert error_of(answer) == "key_not_found"
        assert answer.json() == method("/v1/keys/999999999").json()
    assert alice.key.pk not in [k["id"] for k in charlie.api.get("/v1/keys").json()["data"]]
    assert alice.api.get("/v1/keys").status_code == 200


def test_a_teammate_sees_the_accounts_keys(alice: Any, bob: Any) -> None:
    listed = bob.api.get("/v1/keys").json()["data"]
    assert {alice.key.pk, bob.key.pk} == {key["id"] for key in listed}
    assert {key["created_by"] for key in listed} == {"alice@acme.example", "bob@acme.example"}


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic abc",
        "Bearer mot_live_" + "0" * 38,
        "Bearer \u00e9",
        "unknown",
        "expired",
        "revoked",
    ],
)
def test_every_bad_key_gets_one_answer(
    authorization: str | None, alice: Any, anonymous: Any, error_of: Any
) -> None:
    from motet_platform.keys.secret import new_secret

    if authorization == "unknown":
        authorization = f"Bearer {new_secret()}"
    if authorization in ("expired", "revoked"):
        past = timezone.now() - timedelta(days=1)
        field = "expires_at" if authorization == "expired" else "revoked_at"
        ApiKey.objects.filter(pk=alice.key.pk).update(**{field: past})
        authorization = f"Bearer {alice.secret}"
    if authorization is not None:
        anonymous.credentials(HTTP_AUTHORIZATION=authorization)
    answer = anonymous.get("/v1/keys")
    assert answer.status_code == 401
    assert error_of(answer) == "invalid_api_key"
    assert answer.json() == anonymous.__class__().get("/v1/keys").json()
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_cookies_are_not_taken(alice: Any, client: Any) -> None:
    client.force_login(alice.user)
    assert client.get("/v1/keys").status_code == 401


def test_missing_scope(alice: Any, error_of: Any) -> None:
    answer = alice.with_key(scopes=["inference", "usage"]).api.get("/v1/keys")
    assert answer.status_code == 403
    assert error_of(answer) == "missing_scope"


def test_suspended_account(alice: Any, bob: Any, charlie: Any, error_of: Any) -> None:
    from motet_platform.accounts.services import account_suspend

    account_suspend(account=alice.account, suspended=True)
    for person in (alice, bob):
        answer = person.api.get("/v1/keys")
        assert answer.status_code == 403
        assert error_of(answer) == "account_suspended"
    assert charlie.api.get("/v1/keys").status_code == 200
    account_suspend(account=alice.account, suspended=False)
    assert alice.api.get("/v1/keys").status_code == 200


PARENT = {"scopes": ["keys", "inference"], "models": ["acme/a", "acme/b"]}
CHILD: dict[str, Any] = {**PARENT, "name": "child"}


def test_a_child_may_do_less(alice: Any) -> None:
    parent = alice.with_key(**PARENT, expires_at=timezone.now() + timedelta(days=2))
    wanted = {
        "name": "child", "scopes": ["inference"], "models": ["acme/a"], "requests_per_minute": 5,
        "tokens_per_minute": 1000, "expires_at": timezone.now() + timedelta(days=1),
    }  # fmt: skip
    assert parent.api.post("/v1/keys", wanted, format="json").status_code == 201


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scopes", ["keys", "billing"]),
        ("models", ["acme/c"]),
        ("models", None),
        ("expires_at", None),
        ("expires_at", "2999-01-01T00:00:00Z"),
    ],
)
def test_a_child_may_do_no_more(field: str, value: Any, alice: Any, error_of: Any) -> None:
    soon = timezone.now() + timedelta(days=1)
    parent = alice.with_key(**PARENT, expires_at=soon)
    answer = parent.api.post("/v1/keys", {**CHILD, "expires_at": soon, field: value}, format="json")
    assert answer.status_code == 403
    assert error_of(answer) == "key_exceeds_parent"
    assert answer.json()["error"]["param"] == field


def test_a_child_inherits_what_it_does_not_name(alice: Any) -> None:
    parent = alice.with_key(scopes=["keys"], models=["acme/a"])
    made = parent.api.post("/v1/keys", {"name": "child"}, format="json").json()
    assert (made["scopes"], made["models"]) == (["keys"], ["acme/a"])


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["root"]}, "scopes"),
        ({"name": "x", "models": ["a b"]}, "models"),
        ({"name": "x", "requests_per_minute": 0}, "requests_per_minute"),
        ({"name": "x", "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "a\x00b"}, "name"),
    ],
)
def test_bad_bodies(body: Any, param: str, alice: Any, error_of: Any) -> None:
    answer = alice.api.post("/v1/keys", body, format="json")
    assert answer.status_code == 400, answer.json()
    error_of(answer)
    assert answer.json()["error"]["param"].startswith(param)


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b"null"])
def test_bad_json(body: bytes, alice: Any, error_of: Any) -> None:
    answer = alice.api.post("/v1/keys", body, content_type="application/json")
    assert answer.status_code == 400
    error_of(answer)


def test_fields_that_are_not_offered_change_nothing(alice: Any, charlie: Any) -> None:
    body = {
        "name": "x",
        "account": charlie.account.pk,
        "account_id": charlie.account.pk,
        "digest": "00",
    }
    made = alice.api.post("/v1/keys", body, format="json").json()
    assert ApiKey.objects.get(pk=made["id"]).account == alice.account


def test_paging(alice: Any) -> None:
    for _ in range(4):
        alice.with_key()
    first = alice.api.get("/v1/keys?limit=3").json()
    assert first["has_more"] and len(first["data"]) == 3
    second = alice.api.get(f"/v1/keys?limit=3&after={first['next']}").json()
    assert not second["has_more"] and second["next"] is None and len(second["data"]) == 2
    assert alice.api.get("/v1/keys?limit=0").status_code == 400
    assert alice.api.get("/v1/keys?after=x").status_code == 400


def test_too_many_keys(alice: Any, error_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("motet_platform.keys.services.MAX_ACTIVE", 1)
    answer = alice.api.post("/v1/keys", {"name": "x"}, format="json")
    assert error_of(answer) == "too_many_keys"
    assert answer.status_code == 400


def test_methods_and_addresses_that_are_not_there(alice: Any, error_of: Any) -> None:
    answer = alice.api.put("/v1/keys", {}, format="json")
    assert (answer.status_code, error_of(answer)) == (405, "method_not_allowed")
    answer = alice.api.get("/v1/nothing")
    assert (answer.status_code, error_of(answer)) == (404, "unknown_url")
