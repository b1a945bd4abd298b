"""Refunds that the operator asks for: unused paid credit only, taken before Stripe is asked."""

import uuid

from django.db import transaction
from stripe import StripeClient

from motet_billing.errors import InsufficientCredit
from motet_billing.money import usd
from motet_billing.services import credit_take
from motet_billing.stripe.client import answers, key
from motet_billing.stripe.errors import PaymentRefused, RefundRefused
from motet_billing.stripe.models import CENT, Payment, Refund
from motet_billing.stripe.settle import Gone, gone, payment_sync, refund_undo


def refund_open(client: StripeClient, *, payment_id: uuid.UUID, cents: int, reason: str) -> Refund:
    """Give back `cents` of credit, and the tax that was paid on it.

    RefundRefused where the payment or the wallet has less; PaymentRefused, and the credit is back.
    StripeUnavailable leaves it NEW: `refund_send` finds out later.
    """
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        before = gone(payment)
        left = (payment.cents * CENT - before.taken) // CENT if payment.state == "paid" else 0
        if not 0 < cents <= left:
            raise RefundRefused(f"{usd(left * CENT)} of this payment can be refunded")
        refund = Refund(
            payment=payment,
            cents=_money(payment, before, cents * CENT),
            taken=cents * CENT,
            reason=reason,
        )
        try:
            credit_take(
                wallet_id=payment.wallet_id,
                amount=refund.taken,
                kind="refund",
                source_key=f"stripe:refund:{refund.pk}",
                memo=reason or "refund of a top-up",
                lots="paid",
            )
        except InsufficientCredit as error:
            raise RefundRefused(f"only {usd(error.available)} of paid credit is unused") from error
        refund.save()
    return refund_send(client, refund)


def _money(payment: Payment, before: Gone, taken: int) -> int:
    """Cents to give back for credit: its share of what was paid, tax included.

    Rounded as a sum, so that refunds of all the credit, one by one, give back all the money.
    """
    credit = payment.cents * CENT
    until = (before.taken + taken) * payment.received // credit
    share = until - before.taken * payment.received // credit
    return min(share, payment.received - before.cents)


def refund_send(client: StripeClient, refund: Refund) -> Refund:
    """Ask Stripe for a refund that is NEW; one that Stripe already knows is not asked for again."""
    payment_sync(client, refund.payment_id)
    refund.refresh_from_db()
    if refund.state != Refund.State.NEW:
        return refund
    assert refund.payment.intent_id is not None
    try:
        with answers():
            client.v1.refunds.create(
                {
                    "payment_intent": refund.payment.intent_id,
                    "amount": refund.cents,
                    "metadata": {"motet_refund": str(refund.pk)},
                },
                key(f"refund-{refund.pk}"),
            )
    except PaymentRefused:
        with transaction.atomic():
            Payment.objects.select_for_update().get(pk=refund.payment_id)
            refund = Refund.objects.get(pk=refund.pk)
            if refund.state == Refund.State.NEW:
                refund_undo(refund)
                refund.save()
        raise
    payment_sync(client, refund.payment_id)
    refund.refresh_from_db()
    return refund
