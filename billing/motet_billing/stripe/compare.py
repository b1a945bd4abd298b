"""Our rows against what Stripe lists (I11, I12): the same, once all is quiet. Writes nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from stripe import StripeClient

from motet_billing.audit import Violation
from motet_billing.stripe.client import answers
from motet_billing.stripe.facts import DisputeFact, RefundFact
from motet_billing.stripe.listed import disputes_since, intents_paid, refunds_since
from motet_billing.stripe.meters import HOUR, meter_find
from motet_billing.stripe.models import Dispute, MeterExport, MeterPlan, Payment, Refund


def payments_compared(client: StripeClient) -> list[Violation]:
    """Every payment, refund and dispute, cent for cent (I11). StripeUnavailable."""
    paid = intents_paid(client)
    theirs = {intent: f"{cents} cents received" for intent, cents in paid.items()}
    moved: list[tuple[str, RefundFact | DisputeFact]] = [
        *refunds_since(client), *disputes_since(client),
    ]  # fmt: skip
    for intent, fact in moved:
        if intent in paid:
            theirs[fact.stripe_id] = f"{fact.cents} cents {fact.state}"
    ours = {
        payment.intent_id or f"payment {payment.pk}": f"{payment.received} cents received"
        for payment in Payment.objects.filter(state=Payment.State.PAID)
    }
    # A refund that Stripe refused to make has failed without an id of theirs.
    for refund in Refund.objects.exclude(stripe_id=None, state=Refund.State.FAILED):
        ours[refund.stripe_id or f"refund {refund.pk}"] = f"{refund.cents} cents {refund.state}"
    for dispute in Dispute.objects.all():
        ours[dispute.pk] = f"{dispute.cents} cents {dispute.state}"
    return _differences("I11", theirs, ours)


def meters_compared(client: StripeClient) -> list[Violation]:
    """Every hour of every postpaid wallet at Stripe's meter (I12). StripeUnavailable."""
    found = []
    plans = MeterPlan.objects.filter(wallet__stripe_customer__stripe_id__isnull=False)
    meter = meter_find(client) if plans.exists() else None
    for plan in plans.select_related("wallet__stripe_customer"):
        exports = list(MeterExport.objects.filter(wallet_id=plan.pk))
        waiting = {_name(plan, export.hour) for export in exports if export.sent_at is None}
        ours = {_name(plan, export.hour): f"{export.micro_usd} micro-USD" for export in exports}
        theirs = _metered(client, meter, plan, exports) if meter else {}
        found += [each for each in _differences("I12", theirs, ours) if each.subject not in waiting]
    return found


def _metered(
    client: StripeClient, meter: str, plan: MeterPlan, exports: list[MeterExport]
) -> dict[str, str]:
    # The first export may be of the hour in which the plan was not made yet.
    hours = [
        _hour(plan.created_at) - HOUR,
        _hour(timezone.now()),
        *(export.hour for export in exports),
    ]
    with answers():
        listed = client.v1.billing.meters.event_summaries.list(
            meter,
            {
                "customer": plan.wallet.stripe_customer.stripe_id or "",
                "start_time": int(min(hours).timestamp()),
                "end_time": int((max(hours) + HOUR).timestamp()),
                "value_grouping_window": "hour",
                "limit": 100,
            },
        )
        return {
            _name(plan, datetime.fromtimestamp(hour.start_time, plan.created_at.tzinfo)): (
                f"{hour.aggregated_value:.0f} micro-USD"
            )
            for hour in listed.auto_paging_iter()
            if hour.aggregated_value
        }


def _differences(
    invariant: str, theirs: Mapping[str, Any], ours: Mapping[str, Any]
) -> list[Violation]:
    return [
        Violation(
            invariant,
            name,
            f"Stripe has {theirs.get(name, 'nothing')}, here is {ours.get(name, 'nothing')}",
        )
        for name in sorted(theirs.keys() | ours.keys())
        if theirs.get(name) != ours.get(name)
    ]


def _name(plan: MeterPlan, hour: datetime) -> str:
    return f"wallet {plan.pk}, hour {int(hour.timestamp())}"


def _hour(time: datetime) -> datetime:
    return time.replace(minute=0, second=0, microsecond=0)
