"""Credit by the operator's hand over the API: once, approved by another, and listed."""

from typing import Any

import pytest
from motet_billing import money
from motet_billing.selectors import audit, balance
from motet_platform.accounts.services import account_create, account_grant
from motet_platform.audit.models import AuditEntry
from motet_platform.config import get_config
from motet_platform.wallet.models import Adjustment

pytestmark = pytest.mark.django_db

GRANT, LIST = "/v1/operator/accounts/acme/grant", "/v1/operator/adjustments"


@pytest.fixture
def staff(charlie: Any) -> Any:
    charlie.user.is_staff = True
    charlie.user.save()
    return charlie.signed_in("viewer")


@pytest.fixture
def other_staff(charlie: Any, bob: Any) -> Any:
    bob.user.is_staff = True
    bob.user.save()
    return bob.signed_in()


@pytest.fixture
def four_eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(get_config().__dict__, "four_eyes", True)


def grant(person: Any, **body: Any) -> Any:
    return person.api.post(GRANT, {"amount": "2.50", **body}, format="json")


def decide(person: Any, shown: Any, word: str) -> Any:
    return person.api.post(f"{LIST}/{shown['id']}/{word}")


def available(person: Any) -> str:
    return money.usd(balance(person.account.pk).available)


def test_it_works(alice: Any, staff: Any, error_of: Any) -> None:
    for _ in range(2):
        answer = grant(staff, once="goodwill")
        assert (answer.status_code, answer.json()["state"]) == (200, "posted")
        assert available(alice) == "7.50"
    for amount in ("0", "-1", "x", "1e30"):
        assert grant(staff, amount=amount).status_code == 400
    nobody = staff.api.post("/v1/operator/accounts/nobody/grant", {"amount": "1"}, format="json")
    assert (nobody.status_code, error_of(nobody)) == (404, "account_not_found")
    assert available(alice) == "7.50" and audit() == []


def test_a_name_is_of_one_grant(alice: Any, staff: Any) -> None:
    assert grant(staff, once="goodwill").status_code == 200
    wrong = grant(staff, once="goodwill", amount="3")
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "once")
    assert grant(staff, amount="1").status_code == grant(staff, amount="1").status_code == 200
    assert available(alice) == "9.50"


def test_names_are_shared_with_the_command_line(alice: Any, staff: Any) -> None:
    key = f"operator:{alice.account.pk}:goodwill"
    account_grant(account=alice.account, usd="2.50", source_key=key)
    assert grant(staff, once="goodwill", amount="3").status_code == 400
    assert not Adjustment.objects.exists()
    assert grant(staff, once="goodwill").status_code == 200
    assert available(alice) == "7.50"


def test_four_eyes(
    alice: Any, staff: Any, other_staff: Any, four_eyes: None, error_of: Any
) -> None:
    for _ in range(2):
        answer = grant(staff, once="goodwill", reason="an outage")
        shown = answer.json()
        assert (answer.status_code, shown["state"]) == (202, "waiting")
    assert shown | {"id": 0, "created_at": ""} == {
        "object": "adjustment", "id": 0, "account": "acme", "amount": "2.50", "lot_kind": "paid",
        "reason": "an outage", "once": "goodwill", "state": "waiting",
        "asked_by": "charlie@other.example", "decided_by": None, "created_at": "",
        "decided_at": None,
    }  # fmt: skip
    assert other_staff.api.get(LIST, {"state": "waiting"}).json()["data"] == [shown]
    own = decide(staff, shown, "approve")
    assert (own.status_code, error_of(own)) == (403, "four_eyes")
    assert available(alice) == "5.00"
    assert not AuditEntry.objects.filter(action="credit.grant").exists()

    posted = decide(other_staff, shown, "approve")
    assert (posted.status_code, posted.json()["decided_by"]) == (200, "bob@acme.example")
    assert available(alice) == "7.50"
    for word in ("approve", "refuse"):
        again = decide(other_staff, shown, word)
        assert (again.status_code, error_of(again)) == (404, "adjustment_not_found")
    assert grant(staff, once="goodwill").json()["state"] == "posted"
    assert available(alice) == "7.50" and audit() == []
    line = AuditEntry.objects.get(action="credit.grant")
    assert (line.actor, line.after) == (
        "bob@acme.example", {"amount": "2.50", "reason": "an outage"},
    )  # fmt: skip


def test_refused(alice: Any, staff: Any, other_staff: Any, four_eyes: None) -> None:
    shown = grant(staff).json()
    assert decide(other_staff, shown, "refuse").json()["state"] == "refused"
    assert decide(other_staff, shown, "approve").status_code == 404
    assert available(alice) == "5.00"


def test_the_list(alice: Any, staff: Any) -> None:
    account_create(email="dora@third.example", name="Third", slug="third")
    grant(staff, amount="1")
    staff.api.post("/v1/operator/accounts/third/grant", {"amount": "2"}, format="json")
    grant(staff, amount="3")

    def listed(**query: Any) -> list[str]:
        return [row["amount"] for row in staff.api.get(LIST, query).json()["data"]]

    assert listed() == ["3.00", "2.00", "1.00"]
    assert listed(account="acme") == ["3.00", "1.00"]
    assert listed(state="waiting") == []
    first = staff.api.get(LIST, {"limit": 2}).json()
    assert listed(limit=2, after=first["next"]) == ["1.00"]
    assert staff.api.get(LIST, {"state": "x"}).status_code == 400
    assert staff.api.get(LIST, {"account": "nobody"}).status_code == 404


@pytest.mark.parametrize("word", ["approve", "refuse"])
def test_for_staff_alone(word: str, alice: Any, staff: Any, four_eyes: None, error_of: Any) -> None:
    shown = grant(staff).json()
    for person in (alice, alice.signed_in(), staff.with_key()):
        for answer in (decide(person, shown, word), person.api.get(LIST)):
            assert (answer.status_code, error_of(answer)) == (403, "missing_scope")
    assert available(alice) == "5.00"


def test_more_than_a_wallet_holds_is_refused(alice: Any, staff: Any, error_of: Any) -> None:
    assert grant(staff, amount="9000000").status_code == 200
    answer = grant(staff, amount="9000000")
    assert (answer.status_code, error_of(answer)) == (400, "invalid_request")
    assert available(alice) == "9000005.00" and audit() == []
