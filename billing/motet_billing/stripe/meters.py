"""Postpaid wallets: what they were charged, exported to a Stripe meter once an hour.

The ledger's own journal says how far the exports reach: all of a wallet's charges are journals with
rising ids, written under its lock. So each charge is in exactly one export, and an export has one
identifier and one value for ever. Unit of the meter: micro-USD.
"""

from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max, Sum
from django.db.models.functions import Now
from django.utils import timezone
from stripe import StripeClient

from motet_billing import sql
from motet_billing.models import Entry, Journal
from motet_billing.stripe.client import answers
from motet_billing.stripe.errors import PaymentRefused
from motet_billing.stripe.models import Customer, MeterExport, MeterPlan

METER = "motet_usage_micro_usd"
MICRO_USD = 10**6  # picodollars
HOUR = timedelta(hours=1)
UNIQUE_FOR = timedelta(hours=23)  # Stripe promises 24 hours


def meter_find(client: StripeClient) -> str | None:
    """Stripe's id of the meter, None where there is none."""
    with answers():
        for meter in client.v1.billing.meters.list({"status": "active"}).auto_paging_iter():
            if meter.event_name == METER:
                return meter.id
    return None


def meter_open(client: StripeClient) -> str:
    """Stripe's id of the meter, made if there is none."""
    if found := meter_find(client):
        return found
    with answers():
        made = client.v1.billing.meters.create(
            {
                "display_name": "Motet usage (micro-USD)",
                "event_name": METER,
                "default_aggregation": {"formula": "sum"},
                "customer_mapping": {
                    "type": "by_id",
                    "event_payload_key": "stripe_customer_id",
                },
                "value_settings": {"event_payload_key": "value"},
            }
        )
    return made.id


def plan_open(*, wallet_id: int) -> MeterPlan:
    """From now on the charges of a wallet that has a customer at Stripe are exported."""
    with transaction.atomic():
        _lock(wallet_id)
        last = _last_journal(wallet_id)
        return MeterPlan.objects.get_or_create(
            wallet_id=wallet_id, defaults={"journal_id": last, "since_journal_id": last}
        )[0]


def export_cut(wallet_id: int, *, now: datetime | None = None) -> MeterExport | None:
    """Put on record what the hour that has ended is worth, once per hour.

    None where that is less than one micro-USD: the next export has it.
    """
    hour = (now or timezone.now()).replace(minute=0, second=0, microsecond=0) - HOUR
    with transaction.atomic():
        _lock(wallet_id)
        plan = MeterPlan.objects.select_for_update().get(pk=wallet_id)
        if MeterExport.objects.filter(wallet_id=wallet_id, hour__gte=hour).exists():
            return None
        since, until = plan.journal_id, _last_journal(wallet_id)
        micro_usd, carry = divmod(plan.carry + _charged(wallet_id, since, until), MICRO_USD)
        if not micro_usd:
            return None
        plan.journal_id, plan.carry = until, carry
        plan.save()
        token = Customer.objects.get(pk=wallet_id).token
        return MeterExport.objects.create(
            # The token is of this installation alone: another one may export to the same Stripe.
            identifier=f"motet-{token.hex}-{hour:%Y%m%dT%HZ}",
            wallet_id=wallet_id,
            hour=hour,
            after_journal_id=since,
            journal_id=until,
            micro_usd=micro_usd,
        )


def export_send(client: StripeClient, export: MeterExport) -> None:
    """Hand the export to Stripe. Where an earlier try is too old to be recognised, look first."""
    MeterExport.objects.filter(pk=export.pk, first_sent_at=None).update(first_sent_at=Now())
    export.refresh_from_db()
    assert export.first_sent_at is not None
    old = export.first_sent_at < timezone.now() - UNIQUE_FOR
    if not (old and _arrived(client, export)):
        _record(client, export)
    MeterExport.objects.filter(pk=export.pk).update(sent_at=Now())


def exports_due() -> list[MeterExport]:
    return list(
        MeterExport.objects.filter(sent_at=None, wallet__stripe_customer__stripe_id__isnull=False)
        .select_related("wallet__stripe_customer")
        .order_by("hour")[:500]
    )


def _record(client: StripeClient, export: MeterExport) -> None:
    try:
        with answers():
            client.v1.billing.meter_events.create(
                {
                    "event_name": METER,
                    "identifier": export.identifier,
                    "timestamp": int(export.hour.astimezone(UTC).timestamp()),
                    "payload": {
                        "stripe_customer_id": export.wallet.stripe_customer.stripe_id or "",
                        "value": str(export.micro_usd),
                    },
                }
            )
    except PaymentRefused as error:
        if f"identifier {export.identifier}" not in str(error):
            raise  # else Stripe has it from an earlier try


def _arrived(client: StripeClient, export: MeterExport) -> bool:
    """Whether the hour's sum at Stripe has it: the hour has no other export."""
    start = int(export.hour.timestamp())
    with answers():
        found = client.v1.billing.meters.event_summaries.list(
            meter_open(client),
            {
                "customer": export.wallet.stripe_customer.stripe_id or "",
                "start_time": start,
                "end_time": start + int(HOUR.total_seconds()),
            },
        )
    return sum(summary.aggregated_value for summary in found.data) >= export.micro_usd


def _charged(wallet_id: int, since: int, until: int) -> int:
    total: int | None = Entry.objects.filter(
        journal__wallet_id=wallet_id,
        journal__kind=Journal.Kind.CAPTURE,
        journal_id__gt=since,
        journal_id__lte=until,
        account="revenue",
    ).aggregate(sum=Sum("amount"))["sum"]
    return int(total or 0)


def _last_journal(wallet_id: int) -> int:
    last: int | None = Journal.objects.filter(wallet_id=wallet_id).aggregate(id=Max("id"))["id"]
    return last or 0


def _lock(wallet_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(*sql.wallets_lock([wallet_id]))
