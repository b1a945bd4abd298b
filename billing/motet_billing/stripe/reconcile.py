"""What nobody told us of payments, refunds and disputes: Stripe is asked after it."""

import logging
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.db.models.functions import Now
from stripe import StripeClient

from motet_billing.stripe.autotopup import autotopup_send, autotopup_settle
from motet_billing.stripe.errors import PaymentError
from motet_billing.stripe.events import event_handle
from motet_billing.stripe.listed import payments_missed
from motet_billing.stripe.models import Event, Payment, Refund
from motet_billing.stripe.refunds import refund_send
from motet_billing.stripe.settle import payment_sync

log = logging.getLogger(__name__)

# A page that waits for its person is looked at seldom: it usually ends with a webhook.
NEW_AFTER, OPEN_AFTER = timedelta(minutes=1), timedelta(minutes=10)
EVENT_AFTER = timedelta(minutes=30)  # its own task has been tried several times by then
FORGET_AFTER = timedelta(hours=24)  # Stripe forgets idempotency keys then


def reconcile(client: StripeClient, *, limit: int = 50) -> int:
    """Ask about what is due; how many rows were brought forward."""
    due = Payment.objects.filter(
        Q(state="new", checked_at__lt=Now() - NEW_AFTER)
        | Q(state="open", checked_at__lt=Now() - OPEN_AFTER)
    )
    moved = 0
    for payment in due.order_by(F("checked_at").asc())[:limit]:
        try:
            moved += _payment(client, payment)
        except Exception as error:  # one that nothing helps must not keep the others waiting
            _tell(payment, error)
            Payment.objects.filter(pk=payment.pk).update(checked_at=Now())
    refunds = Refund.objects.filter(state=Refund.State.NEW, created_at__lt=Now() - NEW_AFTER)
    for refund in refunds.order_by("created_at")[:limit]:
        try:
            moved += refund_send(client, refund).state != Refund.State.NEW
        except Exception as error:
            _tell(refund, error)
    events = Event.objects.filter(handled_at=None, received_at__lt=Now() - EVENT_AFTER)
    for event in events.order_by("received_at")[:limit]:
        try:
            event_handle(client, event.pk)
            moved += 1
        except Exception as error:
            _tell(event, error)
    return moved


def catch_up(client: StripeClient, *, since: datetime) -> int:
    """Apply the refunds and disputes made since then that we did not hear of; of how many payments.

    An end that comes late (a dispute won, a refund that failed) counts with the day it began.
    """
    moved = 0
    try:
        missed = payments_missed(client, since)
    except PaymentError as error:
        log.warning("refunds and disputes are not looked through: %s", error)
        return moved
    for payment in missed:
        try:
            autotopup_settle(payment_sync(client, payment.pk))
            moved += 1
        except Exception as error:
            _tell(payment, error)
    return moved


def _tell(row: Payment | Refund | Event, error: Exception) -> None:
    """Stripe's own refusals and silences need no traceback."""
    known = isinstance(error, PaymentError)
    log.warning("%s is not settled: %s", row, error, exc_info=None if known else error)


def _payment(client: StripeClient, payment: Payment) -> bool:
    before = payment.state
    payment = payment_sync(client, payment.pk)
    if payment.state == Payment.State.NEW:
        # Stripe does not know it. A page that nobody saw is let go; a charge is asked for again.
        late = Payment.objects.filter(pk=payment.pk, created_at__lt=Now() - FORGET_AFTER)
        if payment.kind == Payment.Kind.CHECKOUT or late.exists():
            Payment.objects.filter(pk=payment.pk, state=Payment.State.NEW).update(
                state=Payment.State.FAILED, error="never reached Stripe"
            )
            payment.refresh_from_db()
        else:
            payment = autotopup_send(client, payment)
    autotopup_settle(payment)
    return payment.state != before
