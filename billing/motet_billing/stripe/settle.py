"""Bring the ledger to where Stripe's side is: what was fetched is applied in one transaction.

It does not matter which event asked for it, how often, nor in which order: each fact has one key in
the ledger, and states only move forward.
"""

import uuid
from typing import NamedTuple

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Now
from stripe import StripeClient

from motet_billing.errors import InsufficientCredit
from motet_billing.ledger import Taking
from motet_billing.services import credit_grant, credit_take
from motet_billing.stripe.facts import DisputeFact, Facts, RefundFact, facts_of
from motet_billing.stripe.models import CENT, Customer, Dispute, Payment, Refund


def payment_sync(client: StripeClient, payment_id: uuid.UUID) -> Payment:
    """Ask Stripe about the payment and apply the answer. StripeUnavailable, PaymentRefused."""
    payment = Payment.objects.select_related("wallet__stripe_customer").get(pk=payment_id)
    return facts_apply(payment_id, facts_of(client, payment))


def facts_apply(payment_id: uuid.UUID, facts: Facts | None) -> Payment:
    """Bring the books to what Stripe said; None: it knows nothing of the payment."""
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        if facts is not None:
            _apply(payment, facts)
        payment.checked_at = Now()
        payment.save()
    payment.refresh_from_db()
    return payment


def _apply(payment: Payment, facts: Facts) -> None:
    payment.session_id = payment.session_id or facts.session_id
    payment.intent_id = payment.intent_id or facts.intent_id
    if facts.state == "paid":
        _paid(payment, facts)
        payment.save()  # the rows below refer to it
        for refund in facts.refunds:
            _refund(payment, refund)
        for dispute in facts.disputes:
            _dispute(payment, dispute)
        _flag(payment.wallet_id)
    elif payment.state in (Payment.State.NEW, Payment.State.OPEN):
        payment.state = facts.state
        payment.error = facts.error


def _paid(payment: Payment, facts: Facts) -> None:
    """One paid lot, however often Stripe says so."""
    if payment.state == Payment.State.PAID:
        return
    if facts.received < payment.cents:
        raise ValueError(f"{payment} brought {facts.received} of {payment.cents} cents")
    credit_grant(
        wallet_id=payment.wallet_id,
        amount=payment.cents * CENT,
        kind="paid",
        source_key=f"stripe:{facts.intent_id}",
        memo="automatic top-up" if payment.kind == Payment.Kind.AUTO else "top-up",
    )
    payment.state = Payment.State.PAID
    payment.received = facts.received
    payment.receipt_url = facts.receipt_url
    payment.url = payment.error = ""
    payment.paid_at = Now()


def _refund(payment: Payment, fact: RefundFact) -> None:
    refund = Refund.objects.filter(stripe_id=fact.stripe_id).first()
    if refund is None and (ours := _uuid(fact.ours)):
        refund = Refund.objects.filter(pk=ours, payment=payment, stripe_id=None).first()
    if refund is None:
        refund = Refund(payment=payment, cents=fact.cents, reason="made at Stripe")
        if fact.state == "done":
            refund.taken = _take(payment, fact.cents, kind="refund", source_key=fact.stripe_id)
    refund.stripe_id = fact.stripe_id
    if fact.state == "failed":
        refund_undo(refund)
    elif refund.state == Refund.State.NEW:
        refund.state = Refund.State.DONE
    refund.save()


def refund_undo(refund: Refund) -> None:
    """The credit comes back, once: the money was not given back. The caller saves the row."""
    if refund.state == Refund.State.FAILED:
        return
    refund.state = Refund.State.FAILED
    if refund.taken:
        credit_grant(
            wallet_id=refund.payment.wallet_id,
            amount=refund.taken,
            kind="paid",
            source_key=f"stripe:refund-failed:{refund.pk}",
            memo="a refund that failed",
            source="refund_clearing",
        )


def _dispute(payment: Payment, fact: DisputeFact) -> None:
    dispute = Dispute.objects.filter(pk=fact.stripe_id).first()
    if dispute is None:
        dispute = Dispute(stripe_id=fact.stripe_id, payment=payment, cents=fact.cents)
        if fact.state != "won":
            dispute.taken = _take(payment, fact.cents, kind="dispute", source_key=fact.stripe_id)
    if dispute.state == Dispute.State.OPEN and fact.state != "open":
        dispute.state = fact.state
        if fact.state == "won" and dispute.taken:
            credit_grant(
                wallet_id=payment.wallet_id,
                amount=dispute.taken,
                kind="paid",
                source_key=f"stripe:{fact.stripe_id}:won",
                memo="a dispute that was won",
                source="dispute_clearing",
            )
    dispute.save()


def _flag(wallet_id: int) -> None:
    """A customer with a dispute that is open or lost is marked, until it is won."""
    at_odds = Dispute.objects.filter(payment__wallet_id=wallet_id).exclude(state="won").exists()
    marked = Customer.objects.filter(pk=wallet_id)
    if at_odds:
        marked.filter(disputed_at=None).update(disputed_at=Now())
    else:
        marked.update(disputed_at=None)


def _take(payment: Payment, cents: int, *, kind: Taking, source_key: str) -> int:
    """Take paid credit, as much as the money stands for and as there is; how much it was.

    Of what came with tax, the tax's share was never credit.
    """
    worth = payment.cents * CENT * cents // payment.received
    wanted = min(worth, payment.cents * CENT - gone(payment).taken)
    while wanted > 0:
        try:
            credit_take(
                wallet_id=payment.wallet_id,
                amount=wanted,
                kind=kind,
                source_key=f"stripe:{source_key}",
                memo=f"{kind} of a top-up",
                lots="paid",
            )
        except InsufficientCredit as error:
            wanted = error.available
        else:
            return wanted
    return 0


class Gone(NamedTuple):
    """What of a payment went back: `cents` of its money, `taken` picodollars of its credit."""

    cents: int
    taken: int


def gone(payment: Payment) -> Gone:
    """By refunds that did not fail, and by disputes that are not won."""
    sums = [
        rows.exclude(state__in=("failed", "won")).aggregate(c=Sum("cents"), t=Sum("taken"))
        for rows in (payment.refunds.all(), payment.disputes.all())
    ]
    return Gone(sum(row["c"] or 0 for row in sums), sum(row["t"] or 0 for row in sums))


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None
