"""What Stripe lists, whatever payment it belongs to: calls out, and writes nothing."""

from datetime import UTC, datetime

from stripe import StripeClient

from motet_billing.stripe.client import answers, note
from motet_billing.stripe.facts import (
    DisputeFact,
    RefundFact,
    dispute_fact,
    id_of,
    refund_fact,
)
from motet_billing.stripe.models import Dispute, Payment, Refund

EVER = datetime.fromtimestamp(0, UTC)


def intents_paid(client: StripeClient) -> dict[str, int]:
    """Cents, with tax, that each payment with our mark brought, by its intent."""
    with answers():
        listed = client.v1.payment_intents.list({"limit": 100})
        return {
            intent.id: intent.amount_received
            for intent in listed.auto_paging_iter()
            if intent.status == "succeeded" and note(intent.metadata, "motet_payment")
        }


def refunds_since(client: StripeClient, since: datetime = EVER) -> list[tuple[str, RefundFact]]:
    """Refunds made since then, each with its intent; also those of others."""
    with answers():
        listed = client.v1.refunds.list({"limit": 100, "created": {"gte": int(since.timestamp())}})
        return [
            (id_of(refund.payment_intent), refund_fact(refund))
            for refund in listed.auto_paging_iter()
            if refund.payment_intent
        ]


def disputes_since(client: StripeClient, since: datetime = EVER) -> list[tuple[str, DisputeFact]]:
    """Disputes opened since then, each with its intent; also those of others."""
    with answers():
        listed = client.v1.disputes.list({"limit": 100, "created": {"gte": int(since.timestamp())}})
        return [
            (id_of(dispute.payment_intent), fact)
            for dispute in listed.auto_paging_iter()
            if dispute.payment_intent and (fact := dispute_fact(dispute))
        ]


def payments_missed(client: StripeClient, since: datetime) -> list[Payment]:
    """Payments with a refund or dispute made since then that stands otherwise in our rows."""
    theirs: list[tuple[str, RefundFact | DisputeFact]] = [
        *refunds_since(client, since), *disputes_since(client, since),
    ]  # fmt: skip
    names = [fact.stripe_id for _, fact in theirs]
    ours: dict[str | None, str] = {
        **dict(Refund.objects.filter(stripe_id__in=names).values_list("stripe_id", "state")),
        **dict(Dispute.objects.filter(stripe_id__in=names).values_list("stripe_id", "state")),
    }
    intents = {intent for intent, fact in theirs if ours.get(fact.stripe_id) != fact.state}
    return list(Payment.objects.filter(intent_id__in=intents).order_by("created_at"))
