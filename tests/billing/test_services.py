"""Credit, expiry and prices: each safe to repeat."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from motet_billing import selectors
from motet_billing.errors import (
    InsufficientCredit,
    PriceConflict,
    SourceConflict,
    UnknownWallet,
)
from motet_billing.models import Journal, Lot, PriceVersion
from motet_billing.pricing import Price
from motet_billing.services import (
    credit_grant,
    credit_take,
    lots_expire,
    price_set,
    wallet_open,
)

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)
PAST, FUTURE = NOW - timedelta(days=1), NOW + timedelta(days=1)


def test_a_wallet_is_opened_once(bank):
    wallet = bank.wallet()
    assert wallet_open(account_id=wallet.account_id) == wallet


def test_a_grant_counts_once_per_source(bank):
    wallet = bank.wallet()
    lots = {bank.grant(wallet, 70, kind="promo", key="signup:1").pk for _ in range(3)}
    assert len(lots) == 1
    assert bank.money(wallet) == (70, 0)
    assert list(Journal.objects.values_list("key", flat=True)) == ["grant:signup:1"]


@pytest.mark.parametrize("change", [{"amount": 71}, {"kind": "paid"}, {"wallet": "other"}])
def test_a_source_pays_for_one_thing(bank, change):
    wallet = bank.wallet()
    grant = {"wallet_id": wallet.pk, "amount": 70, "kind": "promo", "source_key": "signup:1"}
    credit_grant(**grant)
    if change.pop("wallet", None):
        change["wallet_id"] = bank.wallet().pk
    with pytest.raises(SourceConflict):
        credit_grant(**grant | change)
    assert Lot.objects.count() == 1


@pytest.mark.parametrize("change", [{"amount": 0}, {"amount": -1}, {"kind": "gift"}])
def test_a_grant_is_positive_and_of_a_known_kind(bank, change):
    grant = {"wallet_id": bank.wallet().pk, "amount": 70, "kind": "promo", "source_key": "k"}
    with pytest.raises(ValueError, match="cannot grant"):
        credit_grant(**grant | change)


def test_no_wallet_no_grant(bank):
    with pytest.raises(UnknownWallet):
        credit_grant(wallet_id=10**9, amount=1, kind="promo", source_key="k")


def test_a_grant_is_undone_with_its_transaction(bank):
    wallet = bank.wallet()
    with pytest.raises(RuntimeError), transaction.atomic():
        bank.grant(wallet, 70)
        raise RuntimeError
    assert bank.money(wallet) == (0, 0)


def test_balance_lists_the_lots_as_they_pay(bank):
    wallet = bank.wallet()
    bank.grant(wallet, 5)
    bank.grant(wallet, 7, kind="promo", expires_at=FUTURE)
    balance = selectors.balance(wallet.account_id)
    assert (balance.posted, balance.reserved, balance.available) == (12, 0, 12)
    assert [(lot.kind, lot.remaining, lot.expires_at) for lot in balance.lots] == [
        ("promo", 7, FUTURE),
        ("paid", 5, None),
    ]


def test_an_empty_wallet_has_a_balance_and_no_wallet_has_none(bank):
    assert selectors.balance(bank.wallet().account_id).lots == ()
    with pytest.raises(UnknownWallet):
        selectors.balance(10**9)


def test_the_statement_pages_backwards(bank):
    wallet, other = bank.wallet(), bank.wallet(9)
    for amount in (1, 2, 3, 4, 5):
        bank.grant(wallet, amount)
    page = selectors.ledger(wallet.account_id, limit=2)
    rest = selectors.ledger(wallet.account_id, before=page[-1].id)
    assert [line.amount for line in [*page, *rest]] == [5, 4, 3, 2, 1]
    assert [line.amount for line in selectors.ledger(other.account_id)] == [9]


def test_expired_credit_leaves_once(bank):
    wallet = bank.wallet()
    bank.grant(wallet, 5, kind="promo", expires_at=PAST)
    bank.grant(wallet, 7, kind="paid", expires_at=PAST)
    bank.grant(wallet, 11, kind="promo", expires_at=FUTURE)
    assert (lots_expire(), lots_expire()) == (12, 0)
    assert bank.money(wallet) == (11, 0)
    assert [line.kind for line in selectors.ledger(wallet.account_id, limit=2)] == ["expiry"] * 2


def test_prices_take_over_from_each_other(bank):
    first = price_set(sku="base", input=10, cached_input=5, output=20)
    again = price_set(sku="base", input=10, cached_input=5, output=20)
    later = price_set(sku="base", input=11, cached_input=5, output=20, valid_from=FUTURE)
    assert again == first
    assert selectors.price_at("base") == Price(first.pk, "base", 10, 5, 20)
    assert selectors.price_at("base", FUTURE) == Price(later.pk, "base", 11, 5, 20)
    assert selectors.price_at("base", PAST) is None
    assert selectors.price_at("unknown") is None
    assert set(selectors.prices_at()) == {"base", "motet-tiny"}


def test_the_past_keeps_its_price(bank):
    price_set(sku="base", input=1, cached_input=1, output=1, valid_from=PAST)  # its first may be
    with pytest.raises(PriceConflict):
        price_set(sku="base", input=2, cached_input=1, output=1, valid_from=PAST)
    with pytest.raises(PriceConflict):
        price_set(
            sku="base", input=2, cached_input=1, output=1, valid_from=PAST + timedelta(hours=1)
        )
    price_set(sku="base", input=2, cached_input=1, output=1, valid_from=FUTURE)
    with pytest.raises(PriceConflict):
        price_set(sku="base", input=3, cached_input=1, output=1, valid_from=FUTURE)
    assert PriceVersion.objects.filter(sku="base").count() == 2


@pytest.mark.parametrize("wrong", [{"input": -1}, {"output": 10**15}, {"sku": ""}])
def test_what_is_no_price_is_refused(bank, wrong):
    with pytest.raises(ValueError, match="not a price"):
        price_set(**{"sku": "base", "input": 1, "cached_input": 1, "output": 1} | wrong)


def take(wallet, amount, **more):
    asked = {"kind": "adjustment", "source_key": "k", "memo": "why"} | more
    return credit_take(wallet_id=wallet.pk, amount=amount, **asked)


def test_credit_is_taken_once_per_source(bank):
    wallet = bank.wallet()
    promo = bank.grant(wallet, 30, kind="promo")
    paid = bank.grant(wallet, 50)
    journals = {take(wallet, 40).pk for _ in range(3)}
    assert len(journals) == 1
    assert bank.money(wallet) == (40, 0)
    left = dict(Lot.objects.values_list("pk", "remaining"))
    assert left == {promo.pk: 0, paid.pk: 40}
    entries = Journal.objects.get(key="take:k").entries.order_by("id")
    assert list(entries.values_list("account", "amount")) == [
        ("wallet", -30), ("wallet", -10), ("adjustment", 40),
    ]  # fmt: skip


def test_paid_credit_alone_can_be_taken(bank):
    wallet = bank.wallet()
    bank.grant(wallet, 30, kind="promo")
    bank.grant(wallet, 50)
    with pytest.raises(InsufficientCredit) as refused:
        take(wallet, 51, lots="paid", kind="refund")
    assert refused.value.available == 50
    take(wallet, 50, lots="paid", kind="refund")
    assert selectors.balance(wallet.account_id).lots[0].kind == "promo"


def test_what_is_held_cannot_be_taken(bank):
    wallet = bank.wallet(100)
    with transaction.atomic():
        sql_open(bank, wallet, "r", 70)
    with pytest.raises(InsufficientCredit) as refused:
        take(wallet, 31)
    assert refused.value.available == 30
    take(wallet, 30, kind="dispute")
    assert bank.money(wallet) == (70, 70)


def sql_open(bank, wallet, request_id, amount):
    from django.db import connection
    from motet_billing import sql
    from motet_billing.commands import Open
    from motet_billing.decide import Books, decide

    command = Open(request_id, wallet.pk, amount, bank.price.pk, "gw", "{}")
    with connection.cursor() as cursor:
        rows = []
        for query in sql.locks([command]):
            cursor.execute(*query)
            rows.append(cursor.fetchall())
        for query in sql.writes(decide([command], Books.of(*rows)), lease_s=60):
            cursor.execute(*query)


@pytest.mark.parametrize("change", [{"amount": 41}, {"kind": "refund"}, {"wallet": "other"}])
def test_a_source_takes_one_thing(bank, change):
    wallet = bank.wallet(100)
    take(wallet, 40)
    if change.pop("wallet", None):
        wallet = bank.wallet(100)
    with pytest.raises(SourceConflict):
        take(wallet, change.pop("amount", 40), **change)


def test_nothing_is_taken_from_nobody(bank):
    with pytest.raises(ValueError, match="cannot take"):
        take(bank.wallet(5), 0)
    with pytest.raises(UnknownWallet):
        credit_take(wallet_id=10**9, amount=1, kind="refund", source_key="k", memo="")
