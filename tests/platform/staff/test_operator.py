"""The operator's calls: every account, for staff who are signed in and for nobody else."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from motet_platform.audit.models import AuditEntry
from motet_platform.metering.models import UsageRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(charlie: Any) -> Any:
    charlie.user.is_staff = True
    charlie.user.save()
    return charlie.signed_in("viewer")


def use(person: Any, request_id: str, cost: int, **fields: Any) -> None:
    values: dict[str, Any] = {
        "model": "m", "base": "m", "endpoint": "chat", "status": 200, "streamed": False,
        "prompt_tokens": 10, "cached_tokens": 0, "completion_tokens": 5, "price_version_id": 1,
    }  # fmt: skip
    UsageRecord.objects.create(
        request_id=request_id, account=person.account, cost=cost, **(values | fields)
    )


def test_accounts(alice: Any, staff: Any) -> None:
    use(alice, "req_1", 3_000_000_000_000)
    use(alice, "req_2", 1, created_at=timezone.now() - timedelta(days=31))
    rows = staff.api.get("/v1/operator/accounts").json()["data"]
    assert [row["slug"] for row in rows] == ["acme", "other"] or [row["slug"] for row in rows] == [
        "other", "acme",
    ]  # fmt: skip
    acme = next(row for row in rows if row["slug"] == "acme")
    assert acme["owners"] == ["alice@acme.example"]
    assert (acme["available"], acme["spent_30d"], acme["requests_30d"]) == ("5.00", "3.00", 1)
    assert acme["suspended_at"] is None


@pytest.mark.parametrize("search", ["acm", "ALICE@", "Acme"])
def test_search(search: str, alice: Any, bob: Any, staff: Any) -> None:
    rows = staff.api.get("/v1/operator/accounts", {"search": search}).json()["data"]
    assert [row["slug"] for row in rows] == ["acme"]


def test_pages(alice: Any, staff: Any) -> None:
    first = staff.api.get("/v1/operator/accounts?limit=1").json()
    second = staff.api.get(f"/v1/operator/accounts?limit=1&after={first['next']}").json()
    assert {first["data"][0]["slug"], second["data"][0]["slug"]} == {"acme", "other"}
    assert second["next"] is None


def test_spend(alice: Any, staff: Any) -> None:
    use(alice, "req_1", 2)
    use(alice, "req_2", 2, status=500)
    use(staff, "req_3", 1)
    rows = staff.api.get("/v1/operator/spend").json()["data"]
    assert [(row["account"], row["requests"], row["errors"], row["cost"]) for row in rows] == [
        ("acme", 2, 1, "0.000000000004"), ("other", 1, 0, "0.000000000001"),
    ]  # fmt: skip


def test_stats(alice: Any, staff: Any) -> None:
    use(alice, "req_1", 2)
    use(staff, "req_2", 2)
    assert staff.api.get("/v1/operator/stats").json()["total"]["requests"] == 2
    assert staff.api.get("/v1/stats").json()["total"]["requests"] == 1


def test_suspend_and_resume(alice: Any, staff: Any, error_of: Any) -> None:
    answer = staff.api.post("/v1/operator/accounts/acme/suspend")
    assert answer.json()["suspended_at"] is not None
    assert error_of(alice.api.get("/v1/keys")) == "account_suspended"
    answer = staff.api.post("/v1/operator/accounts/acme/resume")
    assert answer.json()["suspended_at"] is None
    assert alice.api.get("/v1/keys").status_code == 200


def test_the_tenant_sees_that_the_operator_acted_but_not_who(alice: Any, staff: Any) -> None:
    staff.api.post("/v1/operator/accounts/acme/grant", {"amount": "1.00"}, format="json")
    entry = AuditEntry.objects.filter(account=alice.account).latest("pk")
    assert (entry.actor_kind, entry.actor, entry.ip) == (
        "operator", "charlie@other.example", "127.0.0.1",
    )  # fmt: skip
    line = alice.api.get("/v1/audit-log").json()["data"][0]
    assert (line["action"], line["actor"], line["ip"]) == ("credit.grant", "operator", None)
    asked = alice.api.get("/v1/audit-log?actor=charlie@other.example").json()["data"]
    assert asked == []


CALLS = [
    ("get", "/v1/operator/accounts"),
    ("get", "/v1/operator/spend"),
    ("get", "/v1/operator/stats"),
    ("get", "/v1/operator/workers"),
    ("post", "/v1/operator/accounts/acme/grant"),
    ("post", "/v1/operator/accounts/acme/suspend"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_no_key_reaches_it(method: str, path: str, alice: Any, staff: Any, error_of: Any) -> None:
    """Not even one that staff made."""
    for person in (alice, alice.signed_in(), staff.with_key()):
        answer = getattr(person.api, method)(path, {}, format="json")
        assert (answer.status_code, error_of(answer)) == (403, "missing_scope")


def test_it_ends_when_somebody_leaves_the_staff(staff: Any) -> None:
    assert staff.api.get("/v1/operator/accounts").status_code == 200
    staff.user.is_staff = False
    staff.user.save()
    assert staff.api.get("/v1/operator/accounts").status_code == 401


def test_a_process_without_workers_says_so(staff: Any, error_of: Any) -> None:
    answer = staff.api.get("/v1/operator/workers")
    assert (answer.status_code, error_of(answer)) == (503, "no_fleet")
