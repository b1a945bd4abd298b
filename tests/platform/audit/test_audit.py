"""The audit log: one line with each change, in its transaction, and never altered."""

from typing import Any

import pytest
from django.db import Error, connection, transaction
from motet_platform.accounts.services import account_grant, account_suspend
from motet_platform.audit.models import AuditEntry
from motet_platform.catalog.models import BaseModel
from motet_platform.errors import InvalidRequest

pytestmark = pytest.mark.django_db


def log(person: Any, query: str = "") -> list[Any]:
    answer = person.api.get(f"/v1/audit-log{query}")
    assert answer.status_code == 200, answer.json()
    return list(answer.json()["data"])


def test_it_works(alice: Any) -> None:
    made = alice.api.post("/v1/keys", {"name": "ci", "scopes": ["usage"]}, format="json").json()
    newest = log(alice)[0]
    assert (newest["action"], newest["target"]) == ("key.create", made["prefix"])
    assert (newest["actor_kind"], newest["actor"]) == ("key", alice.key.prefix)
    assert newest["ip"] == "127.0.0.1"
    assert newest["before"] is None
    assert newest["after"]["scopes"] == ["usage"]
    assert made["key"] not in str(log(alice))


def test_every_change_has_its_line(alice: Any, bob: Any) -> None:
    owner = alice.signed_in()
    api = owner.api
    BaseModel.objects.create(name="tiny", revision="1", config={}, context_length=1)
    key = api.post("/v1/keys", {"name": "k"}, format="json").json()["id"]
    api.delete(f"/v1/keys/{key}")
    member = bob.account.memberships.get(user=bob.user).pk
    api.patch(f"/v1/members/{member}", {"role": "viewer"}, format="json")
    api.delete(f"/v1/members/{member}")
    invited = {"email": "e@example.com", "role": "viewer"}
    invitation = api.post("/v1/invitations", invited, format="json").json()["id"]
    api.delete(f"/v1/invitations/{invitation}")
    service = api.post("/v1/service-accounts", {"name": "ci"}, format="json").json()["id"]
    api.delete(f"/v1/service-accounts/{service}")
    api.post("/v1/adapters", {"name": "a", "base_model": "tiny"}, format="json")
    api.delete("/v1/adapters/a")
    api.patch("/v1/account", {"name": "New"}, format="json")
    lines = [line for line in log(owner, "?limit=200") if line["actor_kind"] == "member"]
    assert {line["actor"] for line in lines} == {"alice@acme.example"}
    assert [line["action"] for line in reversed(lines)] == [
        "key.create", "key.revoke", "member.update", "key.update", "key.revoke", "member.remove",
        "invitation.create", "invitation.delete", "service_account.create",
        "service_account.delete", "adapter.create", "adapter.delete", "account.update",
    ]  # fmt: skip
    assert (lines[0]["before"], lines[0]["after"]) == ({"name": "Acme"}, {"name": "New"})


def test_what_changes_nothing_has_no_line(alice: Any) -> None:
    owner = alice.signed_in()
    count = AuditEntry.objects.count()
    owner.api.patch("/v1/account", {"name": "Acme"}, format="json")
    owner.api.delete("/v1/keys/999")
    owner.api.patch("/v1/account", {"name": ""}, format="json")
    assert AuditEntry.objects.count() == count


def test_a_change_that_fails_leaves_no_line(alice: Any) -> None:
    count = AuditEntry.objects.count()
    with pytest.raises(InvalidRequest), transaction.atomic():
        account_suspend(account=alice.account, suspended=True)
        raise InvalidRequest
    assert AuditEntry.objects.count() == count


def test_the_operator_and_the_system(alice: Any) -> None:
    from motet_platform.audit.actor import Actor, acting

    with acting(Actor("operator", "command line")):
        account_grant(account=alice.account, usd="1.00", source_key="x")
    account_suspend(account=alice.account, suspended=True)
    account_suspend(account=alice.account, suspended=False)
    lines = [(line["actor_kind"], line["action"]) for line in log(alice)[:3]]
    assert lines == [
        ("system", "account.resume"), ("system", "account.suspend"), ("operator", "credit.grant"),
    ]  # fmt: skip


def test_what_staff_change_in_the_admin(alice: Any, bob: Any, client: Any) -> None:
    from motet_platform.accounts.models import User

    client.force_login(User.objects.create_superuser("staff@here.example"))
    owner, developer = alice.account.memberships.order_by("pk")
    form = {
        "name": "New name", "suspended_at_0": "", "suspended_at_1": "",
        "memberships-TOTAL_FORMS": 2, "memberships-INITIAL_FORMS": 2,
        "memberships-0-id": owner.pk, "memberships-0-account": alice.account.pk,
        "memberships-0-user": owner.user_id, "memberships-0-role": "owner",
        "memberships-0-created_at_0": "2026-11-01", "memberships-0-created_at_1": "00:00:00",
        "memberships-1-id": developer.pk, "memberships-1-account": alice.account.pk,
        "memberships-1-DELETE": "on", "memberships-1-user": developer.user_id,
        "memberships-1-role": "developer",
        "memberships-1-created_at_0": "2026-11-01", "memberships-1-created_at_1": "00:00:00",
    }  # fmt: skip
    answer = client.post(f"/admin/accounts/account/{alice.account.pk}/change/", form)
    assert answer.status_code == 302, answer.content.decode()
    lines = {line["action"]: line for line in log(alice) if line["actor_kind"] == "operator"}
    assert lines["account.update"]["after"]["name"] == "New name"
    assert lines["member.remove"]["target"] == "bob@acme.example"
    assert bob.account.memberships.count() == 1


def test_the_actor_does_not_outlast_the_request(alice: Any, charlie: Any) -> None:
    from motet_platform.audit.actor import current_actor

    alice.api.post("/v1/keys", {"name": "k"}, format="json")
    assert current_actor().kind == "system"


def test_a_stranger_sees_nothing(alice: Any, charlie: Any) -> None:
    alice.api.post("/v1/keys", {"name": "k"}, format="json")
    assert "acme" not in str(log(charlie)) and alice.key.prefix not in str(log(charlie))


def test_filters_and_pages(alice: Any) -> None:
    for name in "abc":
        alice.api.post("/v1/keys", {"name": name}, format="json")
    alice.api.delete(f"/v1/keys/{alice.with_key().key.pk}")
    assert {line["action"] for line in log(alice, "?action=key")} == {"key.create", "key.revoke"}
    assert len(log(alice, "?action=key.revoke")) == 1
    by_key = log(alice, f"?actor={alice.key.prefix}")
    assert len(by_key) == 4
    first = alice.api.get(f"/v1/audit-log?limit=3&actor={alice.key.prefix}").json()
    second = alice.api.get(
        f"/v1/audit-log?limit=3&actor={alice.key.prefix}&after={first['next']}"
    ).json()
    assert first["data"] + second["data"] == by_key
    assert not second["has_more"]


@pytest.mark.parametrize(
    "change", ["UPDATE audit_auditentry SET actor = 'x'", "DELETE FROM audit_auditentry"]
)
def test_nobody_alters_it(change: str, alice: Any) -> None:
    with pytest.raises(Error, match="only added to"), transaction.atomic():
        connection.cursor().execute(change)


@pytest.mark.parametrize(("proxies", "ip"), [(0, "127.0.0.1"), (1, "9.9.9.9"), (2, "8.8.8.8")])
def test_addresses_behind_proxies(proxies: int, ip: str, alice: Any, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    headers = {"x-forwarded-for": "7.7.7.7, 8.8.8.8, 9.9.9.9"}
    alice.api.post("/v1/keys", {"name": "k"}, format="json", headers=headers)
    assert log(alice)[0]["ip"] == ip
