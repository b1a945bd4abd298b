"""What the database refuses, whoever asks."""

import pytest
from django.db import Error, connection, transaction
from motet_billing.errors import LedgerError
from motet_billing.ledger import Line, Posting, post
from motet_billing.models import Hold, Journal, PriceVersion, Wallet

pytestmark = pytest.mark.django_db(transaction=True)


def refused(match: str):
    return pytest.raises(Error, match=match)


def sql(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_entry SET amount = amount * 2",
        "DELETE FROM billing_entry",
        "UPDATE billing_journal SET memo = 'other'",
        "DELETE FROM billing_journal",
        "UPDATE billing_priceversion SET output = 0",
        "DELETE FROM billing_priceversion",
    ],
)
def test_the_past_stays(bank, statement):
    bank.wallet(10)
    with refused("append-only"):
        sql(statement)


def test_truncation_is_refused_where_it_is_no_test_database(bank):
    """The function's own condition, as another database would see it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_database() LIKE 'test\\_%%', pg_get_functiondef(%s::regproc)",
            ["billing_append_only"],
        )
        is_test, body = cursor.fetchone()
        assert is_test
        cursor.execute(body.replace("test\\_%", "other\\_%"))
        try:
            with refused("append-only"):
                sql("TRUNCATE billing_entry, billing_journal")
        finally:
            cursor.execute(body)


@pytest.mark.parametrize(
    "entries",
    [
        "",
        "INSERT INTO billing_entry (journal_id, account, amount) SELECT id, 'revenue', 5 FROM j",
        "INSERT INTO billing_entry (journal_id, account, amount) "
        "SELECT id, unnest(ARRAY['revenue', 'breakage']), unnest(ARRAY[5, -4]) FROM j",
    ],
)
def test_a_journal_that_does_not_balance_is_not_committed(bank, entries):
    wallet = bank.wallet()
    journal = (
        "INSERT INTO billing_journal (key, wallet_id, kind, memo) "
        f"VALUES ('k', {wallet.pk}, 'capture', '') RETURNING id"
    )
    with refused("entries that sum to"):
        sql(f"WITH j AS ({journal}) {entries}" if entries else journal)
    assert not Journal.objects.exists()


def test_a_journal_may_balance_by_the_end_of_its_transaction(bank):
    wallet = bank.wallet()
    entry = "INSERT INTO billing_entry (journal_id, account, amount) SELECT id, '{}', {} FROM {}"
    sql(
        "INSERT INTO billing_journal (key, wallet_id, kind, memo) "
        f"VALUES ('k', {wallet.pk}, 'expiry', '')",
        entry.format("revenue", 5, "billing_journal"),
        entry.format("breakage", -5, "billing_journal"),
    )
    with refused("entries that sum to"):  # nor is it unbalanced afterwards
        sql(entry.format("revenue", 1, "billing_journal"))


@pytest.mark.parametrize(
    "columns",
    ["'wallet', NULL, 5", "'revenue', {lot}, 5", "'revenue', NULL, 0"],
)
def test_an_entry_names_a_lot_just_where_it_moves_one(bank, columns):
    lot = bank.grant(bank.wallet(), 10)
    with refused("entry_"):
        sql(
            "INSERT INTO billing_entry (journal_id, account, lot_id, amount) "
            f"SELECT id, {columns.format(lot=lot.pk)} FROM billing_journal"
        )


@pytest.mark.parametrize(
    "change",
    ["posted = -1", "reserved = -1", "reserved = 11", "posted = 3, reserved = 4"],
)
def test_no_wallet_owes_or_overbooks(bank, change):
    wallet = bank.wallet(10)
    with refused("wallet_posted_covers_reserved"):
        sql(f"UPDATE billing_wallet SET {change} WHERE id = {wallet.pk}")


@pytest.mark.parametrize("change", ["remaining = 11", "remaining = -1", "amount = 9"])
def test_no_lot_holds_more_than_it_was_or_less_than_nothing(bank, change):
    bank.wallet(10)
    with refused("lot_remaining_within_amount"):
        sql(f"UPDATE billing_lot SET {change}")


def hold(wallet: Wallet, price: PriceVersion, **columns: object) -> Hold:
    values = {"request_id": "r", "amount": 5, "owner": "gw", "lease_until": "2030-01-01T00:00Z"}
    return Hold(wallet=wallet, price_version=price, **values | columns)


@pytest.mark.parametrize(
    "columns",
    [
        {"amount": 0},
        {"captured": 1},
        {"captured": 6, "state": "captured", "closed_at": "2030-01-01T00:00Z"},
        {"captured": 5, "state": "captured"},
        {"captured": 0, "state": "captured", "closed_at": "2030-01-01T00:00Z"},
        {"captured": 1, "state": "released", "closed_at": "2030-01-01T00:00Z"},
        {"state": "released"},
        {"state": "lost"},
        {"fault": "gateway_crash"},
        {"checkpoint": {"cost": 6}},
        {"checkpoint": {"cost": -1}},
    ],
)
def test_no_hold_is_half_ended_or_overdrawn(bank, columns):
    with refused("hold_"):
        hold(bank.wallet(), bank.price, **columns).save(force_insert=True)


@pytest.mark.parametrize("change", ["state = 'held', closed_at = NULL", "fault = 'x'"])
def test_a_hold_ends_once(bank, change):
    ended = {"state": "released", "closed_at": "2030-01-01T00:00Z"}
    hold(bank.wallet(), bank.price, **ended).save(force_insert=True)
    with refused("stays so"):
        sql(f"UPDATE billing_hold SET {change}")


def test_a_cause_moves_money_once(bank):
    wallet = bank.wallet(10)
    (lot,) = wallet.lots.all()
    query = post(
        [
            Posting(
                f"grant:{lot.source_key}",
                wallet.pk,
                "capture",
                (Line("wallet", lot.pk, -1), Line("revenue", None, 1)),
            )
        ]
    )
    with refused("billing_journal_key"), connection.cursor() as cursor:
        cursor.execute(*query)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (Line("revenue", None, 0),),
        (Line("revenue", None, 1), Line("wallet", 1, 1)),
        (Line("revenue", 1, 1), Line("wallet", 1, -1)),
        (Line("revenue", None, 1), Line("wallet", None, -1)),
    ],
)
def test_a_posting_balances_before_it_is_sent(lines):
    with pytest.raises(ValueError, match="k "):
        Posting("k", 1, "capture", lines)


def test_the_errors_are_one_tree():
    from motet_billing import errors

    named = [each for each in vars(errors).values() if isinstance(each, type)]
    assert all(issubclass(each, LedgerError) for each in named)
    assert all(each.__name__ in (errors.__doc__ or "") for each in named)
