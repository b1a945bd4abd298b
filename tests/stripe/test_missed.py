"""Refunds and disputes that no webhook told of: the minute's and the hour's job find them."""

from typing import Any

import pytest
from motet_billing.checks import outside
from motet_billing.money import PER_USD
from motet_billing.selectors import audit
from motet_billing.stripe.models import Customer, Dispute, Event, Payment, Refund
from motet_platform.payments.tasks import payments, payments_long_ago

DAY_S = 86_400


@pytest.fixture
def paid(stripe_on: Any, payer: Any) -> str:
    """The intent of a top-up of 20 USD, found without a webhook; none comes at all."""
    stripe_on.ask("knobs", hold=True, drop=1.0)
    begun = payer.checkout("20.00")
    intent = stripe_on.ask("pay", session=Payment.objects.get().session_id)["payment_intent"]
    Payment.objects.update(checked_at=None)
    assert payer.api.get(f"/v1/billing/payments/{begun['id']}").json()["state"] == "paid"
    return str(intent)


@pytest.fixture(autouse=True)
def deaf(stripe_on: Any) -> Any:
    yield
    stripe_on.ask("flush")
    assert not Event.objects.exists()
    assert audit() == [] and outside() == []


def test_a_refund_in_the_dashboard(paid: str, payer: Any) -> None:
    _client().v1.refunds.create({"payment_intent": paid, "amount": 500})
    for _ in range(2):
        payments()
        assert payer.paid() == 15 * PER_USD
    assert Refund.objects.get().state == "done"


def test_a_refund_that_fails_weeks_later(paid: str, payer: Any, stripe_on: Any) -> None:
    refund = _client().v1.refunds.create({"payment_intent": paid, "amount": 500})
    payments()
    stripe_on.ask("age", object=refund.id, seconds=20 * DAY_S)
    stripe_on.ask("fail_refund", refund=refund.id)
    payments()
    assert payer.paid() == 15 * PER_USD  # too long ago for the minute's look
    payments_long_ago()
    assert payer.paid() == 20 * PER_USD
    assert Refund.objects.get().state == "failed"


@pytest.mark.parametrize(("won", "left"), [(True, 20), (False, 0)])
def test_a_dispute_from_its_beginning_to_its_end(
    won: bool, left: int, paid: str, payer: Any, stripe_on: Any
) -> None:
    dispute = stripe_on.ask("dispute", payment_intent=paid)
    payments()
    assert (payer.paid(), Dispute.objects.get().state) == (0, "open")
    assert Customer.objects.get().disputed_at is not None
    stripe_on.ask("age", object=dispute["id"], seconds=90 * DAY_S)
    stripe_on.ask("close_dispute", dispute=dispute["id"], won=won)
    for _ in range(2):
        payments_long_ago()
    assert payer.paid() == left * PER_USD
    assert (Customer.objects.get().disputed_at is None) is won


def test_nothing_new_asks_after_no_payment(paid: str, stripe_on: Any, monkeypatch: Any) -> None:
    """Two lists, and no payment once all is known."""
    from motet_billing.stripe import reconcile

    _client().v1.refunds.create({"payment_intent": paid, "amount": 500})
    payments()
    monkeypatch.setattr(reconcile, "payment_sync", None)
    payments()
    payments_long_ago()


def test_a_silent_stripe_is_asked_again(paid: str, payer: Any, stripe_on: Any) -> None:
    _client().v1.refunds.create({"payment_intent": paid, "amount": 500})
    stripe_on.ask("fault", method="GET", path="/v1/refunds", how="500_before", times=3)
    payments()
    assert payer.paid() == 20 * PER_USD
    payments()
    assert payer.paid() == 15 * PER_USD


def _client() -> Any:
    from motet_platform.payments.rail import require_stripe

    return require_stripe()
