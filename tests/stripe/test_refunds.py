"""Refunds: by the operator and at Stripe, in part and in whole, failing at once and afterwards."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from motet_billing.money import PER_USD
from motet_billing.selectors import audit
from motet_billing.services import credit_take
from motet_billing.stripe.errors import PaymentRefused, RefundRefused, StripeUnavailable
from motet_billing.stripe.models import CENT, Payment, Refund
from motet_billing.stripe.reconcile import reconcile
from motet_billing.stripe.refunds import refund_open
from motet_platform.config import get_config
from motet_platform.outbox.runner import tasks_run_due


@pytest.fixture
def paid(stripe_on: Any, payer: Any) -> Payment:
    """A top-up of 20 USD that has arrived."""
    payer.checkout("20.00")
    stripe_on.ask("pay", session=Payment.objects.get().session_id)
    _deliver(stripe_on)
    assert payer.paid() == 20 * PER_USD
    return Payment.objects.get()


def _deliver(sandbox: Any) -> None:
    assert set(sandbox.ask("flush")) <= {200}
    tasks_run_due()


def _refund(payment: Payment, cents: int) -> Refund:
    return refund_open(_client(), payment_id=payment.pk, cents=cents, reason="asked for it")


def test_in_part_and_then_the_rest(paid: Payment, stripe_on: Any, payer: Any) -> None:
    assert _refund(paid, 500).state == "done"
    assert payer.paid() == 15 * PER_USD
    _deliver(stripe_on)
    assert payer.paid() == 15 * PER_USD
    with pytest.raises(RefundRefused, match=r"15\.00"):
        _refund(paid, 1501)
    _refund(paid, 1500)
    _deliver(stripe_on)
    assert payer.paid() == 0
    assert sum(r["amount"] for r in stripe_on.ask("objects", kind="refund")) == 2000
    assert audit() == []


def test_only_unused_credit(paid: Payment, stripe_on: Any, payer: Any) -> None:
    credit_take(
        wallet_id=payer.wallet, amount=12 * PER_USD, kind="adjustment", source_key="spent",
        memo="spent", lots="paid",
    )  # fmt: skip
    with pytest.raises(RefundRefused, match=r"8\.00"):
        _refund(paid, 900)
    _refund(paid, 800)
    assert payer.paid() == 0 and audit() == []


def test_one_made_in_stripes_dashboard(paid: Payment, stripe_on: Any, payer: Any) -> None:
    assert paid.intent_id is not None
    credit_take(
        wallet_id=payer.wallet, amount=15 * PER_USD, kind="adjustment", source_key="spent",
        memo="spent", lots="paid",
    )  # fmt: skip
    _client().v1.refunds.create({"payment_intent": paid.intent_id})
    _deliver(stripe_on)
    refund = Refund.objects.get()
    assert (refund.cents, refund.taken) == (2000, 5 * PER_USD)  # never below zero
    assert payer.paid() == 0 and audit() == []


def test_one_that_fails_afterwards_comes_back(paid: Payment, stripe_on: Any, payer: Any) -> None:
    refund = _refund(paid, 2000)
    assert payer.paid() == 0
    stripe_on.ask("fail_refund", refund=refund.stripe_id)
    stripe_on.ask("knobs", hold=True, duplicate=3, shuffle=True, seed=5)
    _deliver(stripe_on)
    assert payer.paid() == 20 * PER_USD
    assert Refund.objects.get().state == "failed"
    _refund(paid, 2000)
    assert payer.paid() == 0 and audit() == []


def test_refused_by_stripe_gives_the_credit_back(paid: Payment, stripe_on: Any, payer: Any) -> None:
    assert paid.intent_id is not None
    stripe_on.ask("dispute", payment_intent=paid.intent_id, amount=100)
    with pytest.raises(PaymentRefused):
        _refund(paid, 500)
    assert Refund.objects.get().state == "failed"
    _deliver(stripe_on)
    assert payer.paid() == 19 * PER_USD  # but for what the dispute froze


def test_an_answer_that_got_lost(paid: Payment, stripe_on: Any, payer: Any) -> None:
    """The SDK asks again under the same key, and hears what was done."""
    stripe_on.ask("fault", method="POST", path="/v1/refunds", how="hangup_after")
    assert _refund(paid, 700).state == "done"
    assert payer.paid() == 13 * PER_USD
    assert len(stripe_on.ask("objects", kind="refund")) == 1


@pytest.mark.parametrize("how", ["500_after", "500_before"])
def test_an_outcome_unknown_at_first(how: str, paid: Payment, stripe_on: Any, payer: Any) -> None:
    stripe_on.ask("fault", method="POST", path="/v1/refunds", how=how, times=9)
    with pytest.raises(StripeUnavailable):
        _refund(paid, 700)
    assert payer.paid() == 13 * PER_USD  # taken until it is known
    stripe_on.ask("clear_faults")
    for _ in range(2):
        Refund.objects.update(created_at=Now() - timedelta(hours=1))
        reconcile(_client())
    assert Refund.objects.get().state == "done"
    assert payer.paid() == 13 * PER_USD
    assert [r["amount"] for r in stripe_on.ask("objects", kind="refund")] == [700]
    assert audit() == []


@pytest.fixture
def taxed(stripe_on: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """9 %, rounded down: 45 cents on 5.01 USD."""
    monkeypatch.setitem(get_config().__dict__, "stripe_tax", True)
    stripe_on.ask("tax", percent=9)


def test_all_the_credit_in_parts_brings_back_all_the_money(
    taxed: None, stripe_on: Any, payer: Any
) -> None:
    """Tax included: no cent stays behind because each part was rounded by itself."""
    payment = _topped_up(stripe_on, payer, "5.01")
    assert payment.received == 546
    for cents in (100, 200, 201):
        _refund(payment, cents)
    _deliver(stripe_on)
    assert sum(r["amount"] for r in stripe_on.ask("objects", kind="refund")) == 546
    assert payer.paid() == 0 and audit() == []


def test_a_refund_never_takes_more_credit_than_its_payment_brought(
    taxed: None, stripe_on: Any, payer: Any
) -> None:
    """One at Stripe took parts of a cent of credit, since some of its money was tax."""
    payment, other = (_topped_up(stripe_on, payer, amount) for amount in ("5.01", "10.00"))
    assert payment.intent_id is not None
    _client().v1.refunds.create({"payment_intent": payment.intent_id, "amount": 100})
    _deliver(stripe_on)
    taken = Refund.objects.get().taken
    assert taken == 501 * CENT * 100 // 546
    left = (501 * CENT - taken) // CENT
    with pytest.raises(RefundRefused):
        _refund(payment, left + 1)
    _refund(payment, left)
    assert 0 <= payer.paid() - other.cents * CENT < CENT


def test_what_a_bank_took_back_is_no_longer_there_to_be_refunded(
    paid: Payment, stripe_on: Any, payer: Any
) -> None:
    assert paid.intent_id is not None
    _topped_up(stripe_on, payer, "10.00")
    stripe_on.ask("dispute", payment_intent=paid.intent_id, amount=1500)
    _deliver(stripe_on)
    with pytest.raises(RefundRefused, match=r"5\.00"):
        _refund(paid, 501)
    assert payer.paid() == 15 * PER_USD and not Refund.objects.exists()


def _topped_up(sandbox: Any, payer: Any, amount: str) -> Payment:
    started = payer.checkout(amount)
    payment = Payment.objects.get(pk=started["id"])
    sandbox.ask("pay", session=payment.session_id)
    _deliver(sandbox)
    payment.refresh_from_db()
    assert payment.state == "paid"
    return payment


def _client() -> Any:
    from motet_platform.payments.rail import require_stripe

    return require_stripe()
