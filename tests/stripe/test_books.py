"""I11 to I14: one picodollar, one cent or one row beside Stripe or the ledger is found."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from motet_billing import ledger
from motet_billing.burn import Share
from motet_billing.checks import outside
from motet_billing.models import Entry, Lot
from motet_billing.money import PER_USD
from motet_billing.selectors import audit
from motet_billing.services import _execute, credit_grant
from motet_billing.stripe.meters import METER, export_cut, export_send, meter_open, plan_open
from motet_billing.stripe.models import Payment
from motet_billing.stripe.refunds import refund_open
from motet_platform.accounts.services import account_grant
from motet_platform.outbox.runner import tasks_run_due
from typer.testing import CliRunner


@pytest.fixture
def paid(stripe_on: Any, payer: Any) -> list[str]:
    """Three top-ups: refunded in part by us and at Stripe, disputed and won back, disputed."""
    for _ in range(3):
        payer.checkout("20.00")
    payments = list(Payment.objects.order_by("created_at"))
    intents = [stripe_on.ask("pay", session=p.session_id)["payment_intent"] for p in payments]
    _client().v1.refunds.create({"payment_intent": intents[0], "amount": 500})
    won = stripe_on.ask("dispute", payment_intent=intents[1])
    stripe_on.ask("dispute", payment_intent=intents[2])
    _deliver(stripe_on)
    stripe_on.ask("close_dispute", dispute=won["id"], won=True)
    refund_open(_client(), payment_id=payments[0].pk, cents=100, reason="asked for it")
    failed = refund_open(_client(), payment_id=payments[0].pk, cents=200, reason="so be it")
    stripe_on.ask("fail_refund", refund=failed.stripe_id)
    _deliver(stripe_on)
    assert outside() == []
    return intents


@pytest.fixture
def metered(stripe_on: Any, payer: Any) -> Any:
    """A postpaid wallet with one export that was sent, and 0.6 micro-USD carried."""
    payer.api.post("/v1/billing/portal")  # makes the customer
    meter_open(_client())
    plan_open(wallet_id=payer.wallet)
    lot = Lot.objects.get(wallet=payer.wallet)
    shares = [Share(lot.pk, 2_600_000)]
    with transaction.atomic():
        posting = ledger.capture(request_id="r1", wallet_id=payer.wallet, shares=shares)
        _execute(ledger.post([posting]))
    export = export_cut(payer.wallet)
    assert export is not None
    export_send(_client(), export)
    assert outside() == []
    return export


def _deliver(sandbox: Any) -> None:
    assert set(sandbox.ask("flush")) <= {200}
    while tasks_run_due():
        pass


def _damage(*statements: str) -> None:
    """As a superuser can do it, with all guards off."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            for statement in statements:
                cursor.execute(statement)
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")


@contextmanager
def _undone() -> Iterator[None]:
    """What is damaged within is whole again afterwards, so that one history serves many tests."""
    tables = [
        table
        for table in connection.introspection.table_names()
        if table.startswith(("billing_", "motet_stripe_"))
    ]
    _damage(*(f"CREATE TEMP TABLE kept_{table} AS TABLE {table}" for table in tables))
    try:
        yield
    finally:
        for table in tables:
            _damage(
                f"DELETE FROM {table}",
                f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE kept_{table}",
                f"DROP TABLE kept_{table}",
            )


def _found() -> set[str]:
    return {violation.invariant for violation in outside()}


def _entry(account: str, key: str) -> str:
    return (
        f"UPDATE billing_entry SET amount = amount + 1 WHERE account = '{account}' AND journal_id "
        f"= (SELECT min(id) FROM billing_journal WHERE key LIKE '{key}')"
    )


PAYMENT_DAMAGE = [
    (_entry("payment_clearing", "grant:stripe:pi%"), {"I11"}),
    (_entry("refund_clearing", "take:stripe:refund:%"), {"I11"}),
    (_entry("dispute_clearing", "take:stripe:du%"), {"I11"}),
    ("UPDATE motet_stripe_refund SET taken = taken - 1 WHERE state = 'done'", {"I11"}),
    ("UPDATE motet_stripe_refund SET taken = taken - 1 WHERE state = 'failed'", {"I11"}),
    ("UPDATE motet_stripe_refund SET cents = cents + 1", {"I11"}),
    ("UPDATE motet_stripe_dispute SET taken = taken + 1 WHERE state = 'won'", {"I11"}),
    ("UPDATE motet_stripe_dispute SET cents = cents - 1", {"I11"}),
    ("UPDATE motet_stripe_payment SET received = received + 1", {"I11"}),
    ("DELETE FROM billing_journal WHERE key LIKE 'grant:stripe:du%:won'", {"I11"}),
    (
        "UPDATE billing_journal SET key = key || 'x' WHERE key LIKE 'take:stripe:refund:%'",
        {"I11"},
    ),
    ("DELETE FROM motet_stripe_refund WHERE state = 'done'", {"I11", "I13"}),
    ("DELETE FROM motet_stripe_dispute WHERE state = 'open'", {"I11", "I13"}),
    ("UPDATE motet_stripe_dispute SET state = 'lost' WHERE state = 'won'", {"I11"}),
    ("UPDATE motet_stripe_customer SET disputed_at = NULL", {"I13"}),
]


def test_damage_to_payments_is_found(paid: Any) -> None:
    for damage, found in PAYMENT_DAMAGE:
        with _undone():
            _damage(damage)
            assert _found() == found, damage
    assert outside() == []


def test_what_happened_at_stripe_alone_is_found(paid: Any, stripe_on: Any) -> None:
    _client().v1.refunds.create({"payment_intent": paid[0], "amount": 1})
    (listed,) = [each for each in outside() if each.invariant == "I11"]
    assert listed.detail == "Stripe has 1 cents done, here is nothing"
    assert _found() == {"I11", "I13"}
    _deliver(stripe_on)
    assert outside() == []


def test_looking_moves_nothing(paid: Any, payer: Any, stripe_on: Any) -> None:
    """Not even where the replay would: it is rolled back."""
    _client().v1.refunds.create({"payment_intent": paid[0], "amount": 100})
    before = payer.paid()
    assert outside() != [] and outside() != []
    assert payer.paid() == before


EXPORT_DAMAGE = [
    ("UPDATE motet_stripe_meterplan SET carry = carry + 1", {"I14"}),
    ("UPDATE motet_stripe_meterplan SET journal_id = journal_id + 1", {"I14"}),
    ("UPDATE billing_entry SET amount = amount + 1 WHERE account = 'revenue'", {"I14"}),
    ("UPDATE motet_stripe_meterexport SET micro_usd = micro_usd + 1", {"I12", "I14"}),
    (
        "UPDATE motet_stripe_meterexport SET after_journal_id = after_journal_id - 1",
        {"I12"},
    ),
    ("DELETE FROM motet_stripe_meterexport", {"I12", "I14"}),
]


def test_damage_to_exports_is_found(metered: Any) -> None:
    for damage, found in EXPORT_DAMAGE:
        with _undone():
            _damage(damage)
            assert _found() == found, damage
    assert outside() == []


def test_a_count_at_the_meter_that_nobody_exported(metered: Any, stripe_on: Any) -> None:
    customer = stripe_on.ask("objects", kind="customer")[0]["id"]
    _client().v1.billing.meter_events.create(
        {
            "event_name": METER, "timestamp": int(metered.hour.timestamp()) + 60,
            "payload": {"stripe_customer_id": customer, "value": "1"},
        }
    )  # fmt: skip
    (found,) = outside()
    assert (found.invariant, found.detail) == (
        "I12", "Stripe has 3 micro-USD, here is 2 micro-USD",
    )  # fmt: skip


def test_a_silent_stripe_is_no_proof(paid: Any, stripe_on: Any) -> None:
    stripe_on.ask("fault", method="GET", path="/v1/refunds", how="500_before", times=3)
    assert _found() == {"I11-I13"}


def test_the_command(paid: Any) -> None:
    from motet_platform.cli.main import app

    def checked() -> Any:
        return CliRunner().invoke(app, ["audit", "--quiet-state", "--json"])

    assert checked().exit_code == 0, checked().output
    _damage("UPDATE motet_stripe_payment SET received = received + 1 WHERE received > 0")
    broken = checked()
    assert broken.exit_code == 1
    assert {each["invariant"] for each in json.loads(broken.stdout)} == {"I11"}


def _accounts() -> dict[str, int]:
    """What Stripe's three accounts come to; a positive sum raised them."""
    sums = Entry.objects.filter(account__endswith="_clearing").values("account")
    return {row["account"]: row["total"] for row in sums.annotate(total=Sum("amount"))}


def test_each_account_says_what_its_name_says(paid: Any) -> None:
    """Three payments of 20 USD; 5 and 1 given back, 2 that failed; one dispute won, one open."""
    assert _accounts() == {
        "payment_clearing": -60 * PER_USD,
        "refund_clearing": 6 * PER_USD,
        "dispute_clearing": 20 * PER_USD,
    }


def test_credit_by_hand_is_no_payment(paid: Any, payer: Any) -> None:
    before = _accounts()
    account_grant(account=payer.account, usd="7.00", source_key="by hand")
    assert _accounts() == before and outside() == []
    credit_grant(wallet_id=payer.wallet, amount=1, kind="paid", source_key="no payment")
    (found,) = outside()
    assert (found.invariant, found.subject) == ("I11", "grant:no payment")


def test_what_was_booked_to_the_wrong_account_is_corrected(paid: Any, payer: Any) -> None:
    """As it was before these accounts were kept apart."""
    account_grant(account=payer.account, usd="7.00", source_key="by hand")
    right = _accounts()
    _damage(
        "UPDATE billing_entry SET account = 'payment_clearing' WHERE amount < 0 AND journal_id IN "
        "(SELECT id FROM billing_journal WHERE kind = 'grant' AND (key = 'grant:by hand' OR key "
        "LIKE 'grant:stripe:refund-failed:%' OR key LIKE 'grant:stripe:%:won'))"
    )
    assert _found() == {"I11"} and _accounts() != right
    migration = import_module("motet_billing.migrations.0004_clearing")
    with connection.cursor() as cursor:
        cursor.execute(migration.CORRECT)
    assert _accounts() == right and outside() == [] and audit() == []


def _client() -> Any:
    from motet_platform.payments.rail import require_stripe

    return require_stripe()
