"""The account itself: its settings, its end, and a second one."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from motet_billing.selectors import balance
from motet_billing.stripe.autotopup import autotopup_due, autotopup_open, autotopup_set
from motet_billing.stripe.models import AutoTopup, Customer
from motet_platform.accounts.models import Account
from motet_platform.adapters.models import Adapter
from motet_platform.audit.models import AuditEntry
from motet_platform.catalog.models import BaseModel
from motet_platform.metering.models import UsageRecord

pytestmark = pytest.mark.django_db


def test_it_works(alice: Any) -> None:
    owner = alice.signed_in().api
    assert owner.get("/v1/account").json()["slug"] == "acme"
    changed = owner.patch("/v1/account", {"name": "Acme Ltd", "retention_days": 90}, format="json")
    assert (changed.json()["name"], changed.json()["retention_days"]) == ("Acme Ltd", 90)
    assert owner.patch("/v1/account", {"retention_days": None}, format="json").status_code == 200
    account = Account.objects.get(slug="acme")
    assert (account.name, account.retention_days) == ("Acme Ltd", None)


@pytest.mark.parametrize(
    "body", [{"name": ""}, {"name": "x" * 121}, {"retention_days": 29}, {"retention_days": "x"}]
)
def test_bad_settings(body: Any, alice: Any) -> None:
    assert alice.signed_in().api.patch("/v1/account", body, format="json").status_code == 400


def test_the_slug_is_fixed(alice: Any) -> None:
    alice.signed_in().api.patch("/v1/account", {"slug": "other-name"}, format="json")
    assert alice.api.get("/v1/account").json()["slug"] == "acme"


def test_no_key_changes_it(alice: Any, error_of: Any) -> None:
    for answer in (
        alice.api.patch("/v1/account", {"name": "x"}, format="json"),
        alice.api.delete("/v1/account?confirm=acme"),
    ):
        assert (answer.status_code, error_of(answer)) == (403, "missing_scope")


def test_its_end_ends_automatic_top_ups(alice: Any, monkeypatch: Any) -> None:
    wallet = alice.account.wallet.pk
    autotopup_set(
        wallet_id=wallet, enabled=True, threshold=10**13, cents=2000, monthly_cap_cents=10_000
    )
    Customer.objects.create(wallet_id=wallet, stripe_id="cus_1", email="alice@acme.example")
    assert autotopup_due() == [wallet]
    owner = alice.signed_in().api

    with monkeypatch.context() as broken:  # whatever fails, all of it stays
        broken.setattr(Account, "save", _fails)
        assert owner.delete("/v1/account?confirm=acme").status_code == 500
    assert autotopup_due() == [wallet]
    before = balance(alice.account.pk)
    assert owner.delete("/v1/account?confirm=acme").status_code == 204
    assert autotopup_due() == []
    assert autotopup_open(wallet) is None
    assert not AutoTopup.objects.get().enabled
    line = AuditEntry.objects.get(action="billing.autotopup")
    assert (line.actor, line.before, line.after) == (
        "alice@acme.example", {"enabled": True}, {"enabled": False},
    )  # fmt: skip
    assert balance(alice.account.pk) == before


def test_its_end_without_automatic_top_ups_says_nothing_of_them(alice: Any) -> None:
    assert alice.signed_in().api.delete("/v1/account?confirm=acme").status_code == 204
    assert not AuditEntry.objects.filter(action="billing.autotopup").exists()


def test_its_end(alice: Any, bob: Any, at_auth: Any, error_of: Any) -> None:
    base = BaseModel.objects.create(name="tiny", revision="1", config={}, context_length=1)
    Adapter.objects.create(account=alice.account, name="support", base=base)
    owner, developer = alice.signed_in(), bob.signed_in()
    before = balance(alice.account.pk)
    for confirm in ("", "other", "ACME"):
        answer = owner.api.delete(f"/v1/account?confirm={confirm}")
        assert answer.status_code == 400
    assert error_of(answer) == "slug_mismatch"
    assert owner.api.delete("/v1/account?confirm=acme").status_code == 204
    for way in (owner, developer, alice, bob):
        assert way.api.get("/v1/account").status_code == 401
    assert not Adapter.objects.filter(deleted_at=None).exists()
    assert balance(alice.account.pk) == before
    assert at_auth(alice.user).get("/auth/session").json()["accounts"] == []
    answer = at_auth(alice.user).post(
        "/auth/accounts", {"name": "x", "slug": "acme"}, format="json"
    )
    assert error_of(answer) == "slug_taken"


def test_a_second_account_has_no_credit(alice: Any, at_auth: Any) -> None:
    api = at_auth(alice.user)
    made = api.post("/auth/accounts", {"name": "Side", "slug": "side"}, format="json")
    assert made.status_code == 201, made.json()
    assert (made.json()["slug"], made.json()["role"]) == ("side", "owner")
    assert balance(made.json()["id"]).available == 0
    assert [a["slug"] for a in api.get("/auth/session").json()["accounts"]] == ["acme", "side"]


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x", "slug": "A"}])
def test_accounts_that_are_none(body: Any, alice: Any, at_auth: Any) -> None:
    assert at_auth(alice.user).post("/auth/accounts", body, format="json").status_code == 400


def test_a_person_owns_only_so_many(
    alice: Any, at_auth: Any, error_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("motet_platform.accounts.services.MAX_OWNED", 1)
    answer = at_auth(alice.user).post("/auth/accounts", {"name": "x"}, format="json")
    assert error_of(answer) == "too_many_accounts"


def test_retention(alice: Any, charlie: Any, error_of: Any) -> None:
    for person in (alice, charlie):
        for days in (29, 31):
            UsageRecord.objects.create(
                request_id=f"req_{person.account.slug}_{days}", account=person.account, model="m",
                base="m", endpoint="chat", status=200, streamed=False, prompt_tokens=1,
                cached_tokens=0, completion_tokens=1, price_version_id=1, cost=1,
                created_at=timezone.now() - timedelta(days=days),
            )  # fmt: skip

    def seen(person: Any) -> list[str]:
        return [row["request_id"] for row in person.api.get("/v1/requests").json()["data"]]

    assert seen(alice) == ["req_acme_29", "req_acme_31"]
    alice.signed_in().api.patch("/v1/account", {"retention_days": 30}, format="json")
    assert seen(alice) == ["req_acme_29"]
    assert seen(charlie) == ["req_other_29", "req_other_31"]
    assert error_of(alice.api.get("/v1/receipts/req_acme_31")) == "receipt_not_found"
    since = (timezone.now() - timedelta(days=40)).date()
    sums = alice.api.get(f"/v1/stats?bucket=day&start={since}").json()
    assert sums["total"]["requests"] == 2


def _fails(*_: Any, **__: Any) -> None:
    raise RuntimeError
