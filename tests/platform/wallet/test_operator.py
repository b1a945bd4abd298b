"""The operator's pages: prices, adjustments, margins and the books, for staff alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from motet_billing.models import Journal, PriceVersion
from motet_billing.money import picodollars
from motet_billing.selectors import audit, balance, price_at
from motet_billing.services import price_set
from motet_platform.accounts.models import User
from motet_platform.audit.models import AuditEntry
from motet_platform.catalog.models import BaseModel
from motet_platform.config import get_config
from motet_platform.errors import InvalidRequest, NotFound, PermissionDenied
from motet_platform.metering.margin import margins
from motet_platform.wallet.adjustments import adjustment_ask, adjustment_decide
from motet_platform.wallet.models import Adjustment

pytestmark = pytest.mark.django_db


def staff(email: str) -> Any:
    return User.objects.create_superuser(email, "a long enough password")


@pytest.fixture
def boss() -> Any:
    return staff("boss@motet.example")


@pytest.fixture
def desk(boss: Any) -> Client:
    """The boss's browser."""
    client = Client()
    client.force_login(boss)
    return client


@pytest.fixture
def four_eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(get_config().__dict__, "four_eyes", True)


PAGES = [
    "/admin/billing/priceversion/", "/admin/billing/priceversion/add/", "/admin/billing/wallet/",
    "/admin/billing/cap/", "/admin/billing/hold/", "/admin/billing/journal/",
    "/admin/billing/lot/", "/admin/wallet/adjustment/", "/admin/wallet/adjustment/add/",
    "/admin/metering/usagerecord/", "/admin/metering/usagehour/",
    "/admin/metering/usagehour/margin/", "/admin/metering/usagehour/reconcile/",
    "/admin/accounts/account/",
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_for_staff_alone(page: str, desk: Client, alice: Any, serve: Any) -> None:
    serve("r1", worker="10.0.0.1:9000")
    assert desk.get(page).status_code == 200
    stranger = Client()
    stranger.force_login(alice.user)
    assert stranger.get(page).status_code == 302  # to the log-in
    clerk = User.objects.create_user("clerk@motet.example", is_staff=True)
    stranger.force_login(clerk)
    assert stranger.get(page).status_code == 403


def add_price(desk: Client, **changes: str) -> Any:
    form = {
        "sku": "tiny", "input": "0.10", "cached_input": "0.05", "output": "0.20",
        "valid_from_0": "", "valid_from_1": "", **changes,
    }  # fmt: skip
    return desk.post("/admin/billing/priceversion/add/", form)


def test_a_price_from_now_and_one_for_later(desk: Client) -> None:
    BaseModel.objects.create(name="tiny", revision="1", config={}, context_length=1)
    assert add_price(desk).status_code == 302
    later = timezone.now() + timedelta(days=3)
    day, hour = f"{later:%Y-%m-%d}", f"{later:%H:%M:%S}"
    assert add_price(desk, output="0.30", valid_from_0=day, valid_from_1=hour).status_code == 302
    now, then = price_at("tiny"), price_at("tiny", later + timedelta(minutes=1))
    assert now and then and (now.output, then.output) == (200_000, 300_000)
    for wrong in (
        {"output": "0.40", "valid_from_0": day, "valid_from_1": hour},  # taken by another price
        {"output": "0.40", "valid_from_0": "2020-01-01", "valid_from_1": "00:00:00"},
        {"output": "-1"}, {"output": "0.0000001"}, {"output": "x"}, {"sku": "other"},
    ):  # fmt: skip
        assert "errorlist" in add_price(desk, **wrong).content.decode()
    assert PriceVersion.objects.count() == 2
    row = PriceVersion.objects.earliest("pk")
    page = f"/admin/billing/priceversion/{row.pk}/"
    assert desk.post(f"{page}change/", {"output": "1"}).status_code == 403
    assert desk.post(f"{page}delete/", {"post": "yes"}).status_code == 403


def adjust(desk: Client, account: Any, amount: str, reason: str = "an outage") -> Any:
    form = {"account": account.pk, "amount": amount, "lot_kind": "promo", "reason": reason}
    return desk.post("/admin/wallet/adjustment/add/", form)


def test_adjustments(desk: Client, alice: Any, boss: Any) -> None:
    assert adjust(desk, alice.account, "2.50").status_code == 302
    assert balance(alice.account.pk).available == picodollars("7.5")
    assert adjust(desk, alice.account, "-7").status_code == 302
    assert balance(alice.account.pk).available == picodollars("0.5")
    too_much = adjust(desk, alice.account, "-0.51").content.decode()
    assert "At most $0.50 can be taken now." in too_much
    for wrong in ({"amount": "0"}, {"amount": "x"}, {"amount": "1", "reason": " "}):
        assert "errorlist" in adjust(desk, alice.account, **wrong).content.decode()
    assert Adjustment.objects.count() == 2
    first = Adjustment.objects.earliest("pk")
    assert (first.state, first.asked_by, first.decided_by) == ("posted", boss, boss)
    lines = alice.api.get("/v1/billing/ledger").json()["data"]
    assert [(line["kind"], line["amount"], line["memo"]) for line in lines[:2]] == [
        ("adjustment", "-7.00", "an outage"), ("grant", "2.50", "an outage"),
    ]  # fmt: skip
    assert audit() == []
    assert [(entry.action, entry.actor) for entry in AuditEntry.objects.order_by("pk")][-2:] == [
        ("credit.grant", "boss@motet.example"), ("credit.take", "boss@motet.example"),
    ]  # fmt: skip
    assert desk.post(f"/admin/wallet/adjustment/{first.pk}/delete/").status_code == 403


def decide(desk: Client, action: str) -> str:
    chosen = [str(pk) for pk in Adjustment.objects.values_list("pk", flat=True)]
    form = {"action": action, "_selected_action": chosen}
    return desk.post("/admin/wallet/adjustment/", form, follow=True).content.decode()


def test_four_eyes(desk: Client, alice: Any, four_eyes: None) -> None:
    adjust(desk, alice.account, "2")
    assert balance(alice.account.pk).available == picodollars("5")
    assert "Somebody else has to approve it." in decide(desk, "approve")
    other = Client()
    other.force_login(staff("other@motet.example"))
    decide(other, "approve")
    assert balance(alice.account.pk).available == picodollars("7")
    assert "No such adjustment waits." in decide(other, "approve")
    assert balance(alice.account.pk).available == picodollars("7")


def test_a_refused_adjustment_moves_nothing(alice: Any, boss: Any, four_eyes: None) -> None:
    asked = adjustment_ask(account=alice.account, amount=10, reason="why not", by=boss)
    adjustment_decide(adjustment_id=asked.pk, by=boss, approve=False)
    with pytest.raises(NotFound):
        adjustment_decide(adjustment_id=asked.pk, by=staff("o@motet.example"), approve=True)
    assert not Journal.objects.filter(key__contains="adjustment").exists()


def test_who_asked_does_not_approve(alice: Any, boss: Any, four_eyes: None) -> None:
    asked = adjustment_ask(account=alice.account, amount=10, reason="why not", by=boss)
    with pytest.raises(PermissionDenied):
        adjustment_decide(adjustment_id=asked.pk, by=boss, approve=True)


@pytest.mark.parametrize("wrong", [{"amount": 0}, {"reason": " "}, {"amount": 2**63}])
def test_what_is_no_adjustment(alice: Any, boss: Any, wrong: Any) -> None:
    asked = {"amount": 5, "reason": "because"} | wrong
    with pytest.raises(InvalidRequest):
        adjustment_ask(account=alice.account, by=boss, **asked)
    assert not Adjustment.objects.exists()


def test_margins(alice: Any, serve: Any, desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from decimal import Decimal

    now = timezone.now()
    serve("r1", worker="a:1", created_at=now - timedelta(hours=5))
    serve("r2", worker="a:1")
    serve("r3", worker="b:1")
    serve("r4", completion=0, prompt=0, status=503)
    found = margins(start=now - timedelta(days=1), end=now + timedelta(days=1), cost_per_hour=100)
    assert [(m.worker, m.requests, m.revenue, m.hours, m.cost, m.margin) for m in found] == [
        ("", 1, 0, 0, 0, 0), ("a:1", 2, 4000, 6, 600, 3400), ("b:1", 1, 2000, 1, 100, 1900),
    ]  # fmt: skip
    monkeypatch.setitem(get_config().__dict__, "worker_cost_usd_per_hour", Decimal("0.50"))
    page = desk.get("/admin/metering/usagehour/margin/").content.decode()
    assert "-2.999999996" in page
    for odd in ("start=x&end=y", "start=2026-13-45", "end=2020-01-01"):
        assert desk.get(f"/admin/metering/usagehour/margin/?{odd}").status_code == 200


def test_a_mismatch_of_one_picodollar_is_shown(serve: Any, desk: Client) -> None:
    from motet_platform.metering.models import UsageHour

    serve("r1")
    page = "/admin/metering/usagehour/reconcile/"
    assert "agree to the picodollar" in desk.get(page).content.decode()
    hour = UsageHour.objects.get()
    UsageHour.objects.update(cost=hour.cost + 1)
    shown = desk.get(page).content.decode()
    assert f"records {hour.cost}, sums {hour.cost + 1}" in shown
    price_set(sku="unused", input=1, cached_input=1, output=1)
