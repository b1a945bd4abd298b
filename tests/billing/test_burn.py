"""The order in which lots pay, and what may expire, as properties."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from motet_billing.burn import OpenLot, burn, expirable, order

NOW = datetime(2026, 1, 1, tzinfo=UTC)
expiries = st.none() | st.integers(-3, 3).map(lambda days: NOW + timedelta(days=days))
kinds = st.sampled_from(["promo", "paid"])


@st.composite
def wallets(draw: st.DrawFn) -> list[OpenLot]:
    size = draw(st.integers(0, 6))
    lots = [
        OpenLot(number, draw(kinds), draw(st.integers(1, 50)), draw(expiries))
        for number in range(size)
    ]
    return draw(st.permutations(lots))


def total(lots: list[OpenLot]) -> int:
    return sum(lot.remaining for lot in lots)


def after(lots: list[OpenLot], shares: list) -> list[OpenLot]:
    taken = dict(shares)
    left = [(lot, lot.remaining - taken.get(lot.id, 0)) for lot in lots]
    return [OpenLot(lot.id, lot.kind, rest, lot.expires_at) for lot, rest in left if rest]


def test_promo_first_then_earliest_expiry_then_oldest() -> None:
    soon, late = NOW + timedelta(days=1), NOW + timedelta(days=9)
    lots = [
        OpenLot(1, "paid", 1, soon),
        OpenLot(2, "paid", 1, None),
        OpenLot(3, "promo", 1, None),
        OpenLot(4, "promo", 1, late),
        OpenLot(6, "promo", 1, soon),
        OpenLot(5, "promo", 1, soon),
    ]
    assert [lot.id for lot in order(lots)] == [5, 6, 4, 3, 1, 2]


@given(wallets(), st.data())
def test_shares_sum_to_the_amount_and_no_lot_is_overdrawn(lots, data) -> None:
    amount = data.draw(st.integers(0, total(lots)))
    shares = burn(lots, amount)
    assert sum(share.amount for share in shares) == amount
    remaining = {lot.id: lot.remaining for lot in lots}
    assert all(0 < share.amount <= remaining[share.lot_id] for share in shares)
    assert len({share.lot_id for share in shares}) == len(shares)


@given(wallets(), st.data())
def test_a_lot_pays_only_when_all_before_it_are_empty(lots, data) -> None:
    shares = burn(lots, data.draw(st.integers(0, total(lots))))
    ordered = order(lots)
    assert [share.lot_id for share in shares] == [lot.id for lot in ordered[: len(shares)]]
    for share, lot in list(zip(shares, ordered, strict=False))[:-1]:
        assert share.amount == lot.remaining


@given(wallets(), st.data())
def test_two_charges_take_what_one_of_their_sum_takes(lots, data) -> None:
    first = data.draw(st.integers(0, total(lots)))
    second = data.draw(st.integers(0, total(lots) - first))
    one_by_one = after(after(lots, burn(lots, first)), burn(after(lots, burn(lots, first)), second))
    assert one_by_one == after(lots, burn(lots, first + second))


@given(wallets())
def test_more_than_there_is_is_refused(lots) -> None:
    with pytest.raises(ValueError, match="fall short"):
        burn(lots, total(lots) + 1)


@given(wallets(), st.data())
def test_expiry_leaves_what_is_held_and_what_is_valid(lots, data) -> None:
    held = data.draw(st.integers(0, total(lots)))
    shares = expirable(lots, held, NOW)
    left = after(lots, shares)
    assert total(left) >= held
    valid = [lot for lot in lots if lot.expires_at is None or lot.expires_at > NOW]
    assert [lot for lot in left if lot in valid] == [lot for lot in lots if lot in valid]


@given(wallets(), st.data())
def test_holds_are_paid_as_if_nothing_had_expired_meanwhile(lots, data) -> None:
    """A request keeps the credit that it started on, even through its expiry."""
    held = data.draw(st.integers(0, total(lots)))
    left = after(lots, expirable(lots, held, NOW))
    assert burn(left, held) == burn(lots, held)


@given(wallets())
def test_with_nothing_held_all_that_is_expired_goes_and_once(lots) -> None:
    left = after(lots, expirable(lots, 0, NOW))
    assert left == [lot for lot in lots if lot.expires_at is None or lot.expires_at > NOW]
    assert expirable(left, 0, NOW) == []
