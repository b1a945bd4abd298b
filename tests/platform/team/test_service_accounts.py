"""Service accounts: members that are no people, whose keys outlive those who made them."""

from typing import Any

import pytest

pytestmark = pytest.mark.django_db


def make(by: Any, name: str = "ci", **fields: Any) -> Any:
    return by.api.post("/v1/service-accounts", {"name": name, **fields}, format="json")


def key_for(by: Any, service_id: int, **fields: Any) -> Any:
    body = {"name": "k", "service_account": service_id, **fields}
    return by.api.post("/v1/keys", body, format="json")


def client(anonymous: Any, secret: str) -> Any:
    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return anonymous


def test_it_works(alice: Any, anonymous: Any) -> None:
    made = make(alice.signed_in(), description="builds")
    assert made.status_code == 201, made.json()
    assert (made.json()["role"], made.json()["description"]) == ("developer", "builds")
    key = key_for(alice, made.json()["id"], scopes=["inference", "usage"])
    assert key.status_code == 201, key.json()
    assert key.json()["service_account"] == "ci"
    assert client(anonymous, key.json()["key"]).get("/v1/usage").status_code == 200


def test_its_keys_outlive_their_maker(alice: Any, bob: Any, anonymous: Any) -> None:
    service = make(alice.signed_in()).json()["id"]
    secret = key_for(bob.signed_in("admin"), service, scopes=["usage"]).json()["key"]
    member = bob.account.memberships.get(user=bob.user)
    alice.signed_in().api.delete(f"/v1/members/{member.pk}")
    assert client(anonymous, secret).get("/v1/usage").status_code == 200


def test_only_who_manages_the_team_has_its_keys(alice: Any, bob: Any, error_of: Any) -> None:
    """They outlive whoever has them: a developer who leaves would keep one."""
    service = make(alice.signed_in()).json()["id"]
    url = f"/v1/keys/{key_for(alice, service, scopes=['usage']).json()['id']}"
    developer = bob.signed_in("developer")
    for answer in (
        key_for(developer, service, scopes=["usage"]),
        developer.api.post(f"{url}/rotate"),
        developer.api.delete(url),
    ):
        assert (answer.status_code, error_of(answer)) == (403, "key_of_another")
    admin = bob.signed_in("admin")
    assert key_for(admin, service, scopes=["usage"]).status_code == 201
    assert admin.api.post(f"{url}/rotate").status_code == 200


def test_its_key_is_not_its_makers(alice: Any, bob: Any, anonymous: Any, error_of: Any) -> None:
    service = make(alice).json()["id"]
    secret = key_for(alice, service, scopes=["keys", "usage"]).json()["key"]
    hers = alice.with_key(scopes=["usage"])
    answer = client(anonymous, secret).post(f"/v1/keys/{hers.key.pk}/rotate")
    assert (answer.status_code, error_of(answer)) == (403, "key_of_another")


def test_its_end_is_the_end_of_its_keys(alice: Any, anonymous: Any, error_of: Any) -> None:
    service = make(alice).json()["id"]
    secret = key_for(alice, service, scopes=["usage"]).json()["key"]
    assert alice.api.delete(f"/v1/service-accounts/{service}").status_code == 204
    assert client(anonymous, secret).get("/v1/usage").status_code == 401
    assert alice.api.get("/v1/service-accounts").json()["data"] == []
    assert error_of(alice.api.get(f"/v1/service-accounts/{service}")) == "service_account_not_found"
    assert make(alice).status_code == 201  # the name is free again


def test_its_keys_do_no_more_than_its_role(alice: Any, error_of: Any) -> None:
    service = make(alice, role="viewer").json()["id"]
    answer = key_for(alice, service, scopes=["inference"])
    assert (answer.status_code, error_of(answer)) == (403, "key_exceeds_role")


def test_its_key_makes_keys_of_its_own(alice: Any, anonymous: Any, error_of: Any) -> None:
    service = make(alice).json()["id"]
    secret = key_for(alice, service, scopes=["keys", "usage"]).json()["key"]
    made = client(anonymous, secret).post("/v1/keys", {"name": "child"}, format="json").json()
    assert made["service_account"] == "ci"


@pytest.mark.parametrize("role", ["owner", "member", ""])
def test_roles_that_it_cannot_have(role: str, alice: Any) -> None:
    assert make(alice.signed_in(), role=role).status_code == 400


def test_a_key_makes_no_admin(alice: Any, error_of: Any) -> None:
    assert error_of(make(alice, role="admin")) == "role_above_yours"
    assert make(alice.signed_in(), role="admin").status_code == 201


def test_names_are_taken_once(alice: Any, charlie: Any, error_of: Any) -> None:
    make(alice)
    assert error_of(make(alice)) == "service_account_exists"
    assert make(charlie).status_code == 201


def test_a_stranger_sees_nothing(alice: Any, charlie: Any, error_of: Any) -> None:
    service = make(alice).json()["id"]
    assert charlie.api.get("/v1/service-accounts").json()["data"] == []
    for answer in (
        charlie.api.get(f"/v1/service-accounts/{service}"),
        charlie.api.delete(f"/v1/service-accounts/{service}"),
        key_for(charlie, service),
    ):
        assert (answer.status_code, error_of(answer)) == (404, "service_account_not_found")


def test_usage_names_it(alice: Any) -> None:
    from motet_platform.keys.models import ApiKey
    from motet_platform.metering.models import UsageRecord

    service = make(alice).json()["id"]
    key = ApiKey.objects.get(pk=key_for(alice, service, scopes=["usage"]).json()["id"])
    UsageRecord.objects.create(
        request_id="req_1", account=alice.account, key=key, model="m", base="m", endpoint="chat",
        status=200, streamed=False, prompt_tokens=1, cached_tokens=0, completion_tokens=1,
        price_version_id=1, cost=1,
    )  # fmt: skip
    (row,) = alice.api.get("/v1/usage?group_by=member").json()["data"]
    assert row["member"] == "service:ci"
