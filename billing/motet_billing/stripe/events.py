"""Webhooks: stored as they come, handled by asking Stripe about the payment that they are about."""

import uuid
from typing import Any

from django.db.models.functions import Now
from stripe import StripeClient

from motet_billing.stripe.autotopup import autotopup_settle
from motet_billing.stripe.client import answers, note
from motet_billing.stripe.models import Event, Payment
from motet_billing.stripe.settle import payment_sync

# What to subscribe to; others are stored and left alone.
TYPES = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
)


def event_store(payload: dict[str, Any]) -> bool:
    """Keep a verified event; False where it is there already."""
    _, created = Event.objects.get_or_create(
        id=payload["id"], defaults={"type": payload["type"], "payload": payload}
    )
    return created


def event_handle(client: StripeClient, event_id: str) -> Payment | None:
    """Apply what the event is about, and mark it; the payment, None where it is not one of ours."""
    event = Event.objects.get(pk=event_id)
    payment = None
    if event.type in TYPES:
        payment = payment_of(client, event)
        if payment is not None:
            payment = payment_sync(client, payment.pk)
            autotopup_settle(payment)
    Event.objects.filter(pk=event_id).update(handled_at=Now())
    return payment


def payment_of(client: StripeClient, event: Event) -> Payment | None:
    """By our mark on the event's object, else by the intent that it belongs to."""
    subject: dict[str, Any] = event.payload["data"]["object"]
    if found := _marked(subject.get("metadata")):
        return found
    whole = subject.get("object") == "payment_intent"
    intent = subject.get("id" if whole else "payment_intent")
    if not isinstance(intent, str):
        return None
    if found := Payment.objects.filter(intent_id=intent).first():
        return found
    with answers():
        return _marked(client.v1.payment_intents.retrieve(intent).metadata)


def _marked(metadata: Any) -> Payment | None:
    try:
        mark = uuid.UUID(note(metadata, "motet_payment") or "")
    except ValueError:
        return None
    return Payment.objects.filter(pk=mark).first()
