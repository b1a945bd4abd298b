"""The audit finds each broken invariant, down to one picodollar."""

import pytest
from django.db import connection, transaction
from motet_billing.selectors import audit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def books(bank, writers, run):
    """Two wallets, one captured hold, one open."""
    one, two = bank.wallet(1000), bank.wallet(1000)

    async def scenario():
        async with writers() as writer:
            await writer.hold_open(**bank.opening(one, "done", 100))
            await writer.hold_settle(**bank.settling(one, "done", 60))
            await writer.hold_open(**bank.opening(two, "open", 100))

    run(scenario())
    assert audit() == []
    return {"one": one.pk, "two": two.pk}


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (
            "UPDATE billing_entry SET amount = amount + 1 WHERE account = 'revenue'",
            {"I1", "I7", "I8"},
        ),
        ("DELETE FROM billing_entry WHERE account = 'revenue'", {"I1", "I2", "I7", "I8"}),
        ("UPDATE billing_wallet SET posted = posted + 1 WHERE id = {one}", {"I3", "I4"}),
        ("UPDATE billing_lot SET remaining = remaining - 1 WHERE wallet_id = {one}", {"I4", "I6"}),
        ("UPDATE billing_wallet SET reserved = reserved + 1 WHERE id = {two}", {"I5"}),
        ("DELETE FROM billing_hold WHERE state = 'held'", {"I5"}),
        ("UPDATE billing_lot SET amount = amount + 1 WHERE wallet_id = {two}", {"I6"}),
        ("UPDATE billing_hold SET captured = 59 WHERE state = 'captured'", {"I7"}),
        ("DELETE FROM billing_hold WHERE state = 'captured'", {"I7"}),
        ("UPDATE billing_hold SET wallet_id = {two} WHERE state = 'captured'", {"I7"}),
        ("UPDATE billing_journal SET wallet_id = {two} WHERE kind = 'capture'", {"I3", "I6", "I7"}),
        ("DELETE FROM billing_entry; DELETE FROM billing_lot", {"I2", "I3", "I4", "I7"}),
    ],
)
def test_damage_is_found(books, damage, found):
    """Damage as a superuser can do it, with all guards off."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(damage.format(**books))
        assert {violation.invariant for violation in audit()} == found
        transaction.set_rollback(True)


def test_a_violation_says_where_and_how_much(books):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE billing_wallet SET reserved = 101 WHERE id = %s", [books["two"]])
        assert audit() == [("I5", str(books["two"]), "reserved 101, held 100")]
        transaction.set_rollback(True)
