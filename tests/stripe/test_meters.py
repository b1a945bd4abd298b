"""Postpaid usage at Stripe's meter: each charge once, with one identifier."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from motet_billing import ledger
from motet_billing.models import Lot
from motet_billing.services import _execute
from motet_billing.stripe.errors import StripeUnavailable
from motet_billing.stripe.meters import (
    export_cut,
    export_send,
    exports_due,
    meter_open,
    plan_open,
)
from motet_billing.stripe.models import Customer, MeterExport, MeterPlan

HOUR = timedelta(hours=1)


@pytest.fixture
def charge(stripe_on: Any, payer: Any) -> Any:
    """`charge(picodollars)`: a captured request of a postpaid account."""
    payer.api.post("/v1/billing/portal")  # makes the customer
    meter_open(_client())
    plan_open(wallet_id=payer.wallet)
    lot = Lot.objects.get(wallet=payer.wallet)
    count = iter(range(1000))

    def capture(amount: int) -> None:
        from django.db import transaction
        from motet_billing.burn import Share

        share = Share(lot.pk, amount)
        posting = ledger.capture(
            request_id=f"r{next(count)}", wallet_id=payer.wallet, shares=[share]
        )
        with transaction.atomic():
            _execute(ledger.post([posting]))

    return capture


def _values(sandbox: Any) -> list[int]:
    events = sandbox.ask("objects", kind="billing.meter_event")
    return sorted(int(event["payload"]["value"]) for event in events)


def test_each_charge_once_and_the_rest_carried(charge: Any, stripe_on: Any, payer: Any) -> None:
    now = datetime.now(UTC)
    charge(2_600_000)
    first = export_cut(payer.wallet, now=now)
    assert first is not None and first.micro_usd == 2
    assert export_cut(payer.wallet, now=now) is None  # this hour is cut
    charge(300_000)
    assert export_cut(payer.wallet, now=now + HOUR) is None  # 0.9 micro-USD: carried
    charge(1_200_000)
    second = export_cut(payer.wallet, now=now + 2 * HOUR)
    assert second is not None and second.micro_usd == 2
    assert MeterPlan.objects.get().carry == 100_000
    stripe_on.ask("advance", seconds=3 * 3600)
    for export in exports_due():
        export_send(_client(), export)
    assert _values(stripe_on) == [2, 2]
    assert exports_due() == []


@pytest.mark.parametrize("how", ["hangup_after", "500_after", "500_before"])
def test_sent_again_it_is_counted_once(how: str, charge: Any, stripe_on: Any, payer: Any) -> None:
    charge(7_000_000)
    export = export_cut(payer.wallet)
    assert export is not None
    stripe_on.ask("fault", method="POST", path="/v1/billing/meter_events", how=how, times=9)
    try:
        export_send(_client(), export)
    except StripeUnavailable:
        assert MeterExport.objects.get().sent_at is None
    stripe_on.ask("clear_faults")
    export_send(_client(), export)
    assert _values(stripe_on) == [7]


def test_an_old_try_is_looked_up_first(charge: Any, stripe_on: Any, payer: Any) -> None:
    """After a day Stripe does not know the identifier any more."""
    charge(7_000_000)
    export = export_cut(payer.wallet)
    assert export is not None
    export_send(_client(), export)
    MeterExport.objects.update(sent_at=None, first_sent_at=datetime.now(UTC) - 30 * HOUR)
    stripe_on.ask("advance", seconds=30 * 3600)
    (due,) = exports_due()
    export_send(_client(), due)
    assert _values(stripe_on) == [7] and exports_due() == []


def test_another_installation_at_the_same_stripe(charge: Any, stripe_on: Any, payer: Any) -> None:
    """It has wallets of the same numbers: its exports are not taken for ours."""
    now = datetime.now(UTC)
    charge(2_000_000)
    for _ in range(2):
        export = export_cut(payer.wallet, now=now)
        assert export is not None
        export_send(_client(), export)
        # The other one: the same rows, but for what its customer was made with.
        MeterExport.objects.all().delete()
        MeterPlan.objects.update(journal_id=F("since_journal_id"))
        Customer.objects.update(token=uuid.uuid4())
    assert _values(stripe_on) == [2, 2]


def _client() -> Any:
    from motet_platform.payments.rail import require_stripe

    return require_stripe()
