"""Automatic top-up: when it charges, when it stops, and that it never charges twice."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from motet_billing.money import PER_USD
from motet_billing.selectors import audit
from motet_billing.stripe.models import AutoTopup, Payment
from motet_billing.stripe.reconcile import reconcile
from motet_platform.accounts.services import account_suspend
from motet_platform.audit.models import AuditEntry
from motet_platform.outbox.runner import tasks_run_due
from motet_platform.payments.tasks import autotopup

LATER_DECLINED, ASKS = "4000000000000341", "4000002760003184"


def _rule(payer: Any, **changed: Any) -> Any:
    body = {"enabled": True, "threshold": "10.00", "amount": "20.00", "monthly_cap": "50.00"}
    return payer.api.put("/v1/billing/autotopup", {**body, **changed}, format="json")


@pytest.fixture
def saved(stripe_on: Any, payer: Any) -> Any:
    """A customer; `saved(card)` saves one as the default. Below the threshold with $5."""
    payer.api.post("/v1/billing/portal")
    customer = stripe_on.ask("objects", kind="customer")[0]["id"]

    def save(card: str = "4242424242424242") -> None:
        stripe_on.ask("save_card", customer=customer, card=card)

    return save


def _again() -> None:
    """The cool-down is over."""
    AutoTopup.objects.update(next_try_at=None)
    autotopup()


def test_low_credit_is_topped_up_once(saved: Any, stripe_on: Any, payer: Any) -> None:
    saved()
    assert _rule(payer).status_code == 200
    autotopup()
    assert payer.paid() == 20 * PER_USD
    autotopup()  # 25 is above the threshold
    stripe_on.ask("knobs", hold=True, duplicate=10, shuffle=True)
    stripe_on.ask("flush")
    tasks_run_due()
    assert payer.paid() == 20 * PER_USD
    assert len(stripe_on.ask("objects", kind="charge")) == 1
    shown = payer.api.get("/v1/billing/autotopup").json()
    assert (shown["spent_this_month"], shown["failures"]) == ("20.00", 0)
    assert audit() == []


def test_the_month_has_a_cap(saved: Any, stripe_on: Any, payer: Any) -> None:
    saved()
    _rule(payer, threshold="1000.00")
    for _ in range(5):
        autotopup()
    assert payer.paid() == 40 * PER_USD  # a third would pass 50
    assert payer.api.get("/v1/billing/autotopup").json()["spent_this_month"] == "40.00"


def test_off_after_three_declines_with_a_mail(saved: Any, stripe_on: Any, payer: Any) -> None:
    saved(LATER_DECLINED)
    _rule(payer)
    autotopup()
    autotopup()  # the cool-down holds it back
    assert AutoTopup.objects.get().failures == 1
    _again()
    _again()
    shown = payer.api.get("/v1/billing/autotopup").json()
    assert (shown["enabled"], shown["failures"]) == (False, 3)
    assert shown["stopped"] == "generic_decline"
    _again()
    assert Payment.objects.count() == 3
    tasks_run_due()
    assert [message.subject for message in mail.outbox] == ["Automatic top-up is off"]
    stripe_on.ask("flush")
    tasks_run_due()
    tasks_run_due()
    assert AutoTopup.objects.get().failures == 3 and len(mail.outbox) == 1
    assert payer.paid() == 0
    # Every intent was ended, so nothing can charge it later.
    intents = stripe_on.ask("objects", kind="payment_intent")
    assert [intent["status"] for intent in intents] == ["canceled"] * 3

    assert _rule(payer).json()["failures"] == 0  # turned on again, counted afresh
    _again()
    assert AutoTopup.objects.get().failures == 1


def test_a_bank_that_asks_stops_it_at_once(saved: Any, stripe_on: Any, payer: Any) -> None:
    saved(ASKS)
    _rule(payer)
    autotopup()
    shown = payer.api.get("/v1/billing/autotopup").json()
    assert (shown["enabled"], shown["stopped"]) == (False, "authentication_required")
    tasks_run_due()
    assert "ask you first" in mail.outbox[0].body


@pytest.mark.parametrize("how", ["hangup_after", "500_after", "429", "500_before"])
def test_a_failing_stripe_never_charges_twice(
    how: str, saved: Any, stripe_on: Any, payer: Any
) -> None:
    saved()
    _rule(payer)
    stripe_on.ask("fault", method="POST", path="/v1/payment_intents", how=how, times=1)
    autotopup()
    for _ in range(3):
        Payment.objects.update(checked_at=timezone.now() - timedelta(hours=1))
        reconcile(_client())
        autotopup()
    assert payer.paid() == 20 * PER_USD
    assert len(stripe_on.ask("objects", kind="charge")) == 1
    assert Payment.objects.get().state == "paid"
    assert audit() == []


def test_what_cannot_be_turned_on(stripe_on: Any, payer: Any, monkeypatch: Any) -> None:
    answer = _rule(payer)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "no_saved_card")
    assert _rule(payer, enabled=False).status_code == 200
    assert _rule(payer, amount="1.00").json()["error"]["param"] == "amount"


def test_the_log_has_it_with_the_change_or_neither(
    saved: Any, payer: Any, monkeypatch: Any
) -> None:
    saved()
    _rule(payer)
    line = AuditEntry.objects.get(action="billing.autotopup")
    assert (line.account, line.target) == (payer.account, "acme")
    assert line.after == {
        "enabled": True, "threshold": "10.00", "amount": "20.00", "monthly_cap": "50.00",
    }  # fmt: skip

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("motet_platform.payments.autotopup_views.audit", fails)
    assert _rule(payer, enabled=False).status_code == 500
    assert AutoTopup.objects.get().enabled


def _client() -> Any:
    from motet_platform.payments.rail import require_stripe

    return require_stripe()


def test_a_suspended_account_is_not_charged(saved: Any, stripe_on: Any, payer: Any) -> None:
    saved()
    assert _rule(payer).status_code == 200
    account_suspend(account=payer.account, suspended=True)
    autotopup()
    assert stripe_on.ask("objects", kind="charge") == []
    account_suspend(account=payer.account, suspended=False)
    autotopup()
    assert payer.paid() == 20 * PER_USD


def test_one_that_nothing_helps_keeps_nobody_waiting(
    saved: Any, stripe_on: Any, payer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved()
    assert _rule(payer).status_code == 200
    due = [10**9, payer.wallet]  # a rule that is gone by the time that it is looked at
    monkeypatch.setattr("motet_platform.payments.tasks.autotopup_due", lambda: due)
    autotopup()
    assert payer.paid() == 20 * PER_USD
