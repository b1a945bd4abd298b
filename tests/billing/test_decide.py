"""Deciding a batch is deciding its commands one by one; a refusal leaves no trace."""

from copy import deepcopy
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from motet_billing.burn import OpenLot
from motet_billing.caps import CapRow
from motet_billing.commands import Expire, Extend, Open, Settle, Settlement
from motet_billing.decide import Books, Decision, HoldRow, WalletRow, decide
from motet_billing.errors import LedgerError

START = datetime(2026, 11, 1, tzinfo=UTC)
REQUESTS = ["a", "b", "c", "d"]
requests = st.sampled_from(REQUESTS)
wallet_ids = st.sampled_from([1, 2, 3])
amounts = st.integers(1, 60)
commands = st.one_of(
    st.builds(
        Open,
        requests,
        wallet_ids,
        amounts,
        st.just(1),
        st.sampled_from(["gw", "other"]),
        st.just("{}"),
        st.sampled_from(["", "key"]),
    ),
    st.tuples(requests, amounts, st.integers(0, 60)).map(
        lambda t: Extend(t[0], max(t[1], t[2]), "{}", t[2])
    ),
    st.builds(Settle, requests, st.integers(0, 60), st.just("usage")),
    st.builds(Expire, requests),
)


@st.composite
def books(draw: st.DrawFn) -> Books:
    """Two wallets with lots, and holds that fit them; wallet 3 is unknown."""
    result = Books({}, {}, {})
    for wallet in (1, 2):
        credit = draw(st.lists(amounts, max_size=3))
        result.lots[wallet] = [
            OpenLot(wallet * 10 + n, "paid", amount, None) for n, amount in enumerate(credit)
        ]
        result.wallets[wallet] = WalletRow(wallet, sum(credit), 0)
    for request in REQUESTS[:2]:
        wallet = result.wallets[draw(st.sampled_from([1, 2]))]
        if wallet.available and draw(st.booleans()):
            amount = draw(st.integers(1, wallet.available))
            lapsed = draw(st.booleans())
            result.holds[request] = HoldRow(request, wallet.id, 1, "gw", amount, lapsed=lapsed)
            wallet.reserved += amount
    for number, (wallet_id, subject) in enumerate([(1, ""), (1, "key"), (2, "key")]):
        if draw(st.booleans()):
            held = sum(h.amount for h in result.holds.values() if counts(h, wallet_id, subject))
            limit, spent = draw(st.integers(0, 150)), draw(st.integers(0, 50))
            result.caps[wallet_id, subject] = CapRow(
                number, wallet_id, subject, limit, "none", START, spent, held, 0
            )
    return result


def counts(hold: HoldRow, wallet_id: int, subject: str) -> bool:
    return hold.state == "held" and hold.wallet_id == wallet_id and subject in ("", hold.subject)


def check(book: Books) -> None:
    """What holds between any two commands."""
    for (wallet_id, subject), cap in book.caps.items():
        held = sum(h.amount for h in book.holds.values() if counts(h, wallet_id, subject))
        assert 0 <= held == cap.reserved
    for wallet in book.wallets.values():
        held = [
            hold.amount
            for hold in book.holds.values()
            if hold.wallet_id == wallet.id and hold.state == "held"
        ]
        assert 0 <= wallet.reserved == sum(held)
        lots = book.lots.get(wallet.id, [])
        assert wallet.reserved <= wallet.posted == sum(lot.remaining for lot in lots)
        assert all(lot.remaining >= 0 for lot in lots)
    assert all(0 <= hold.delivered <= hold.amount for hold in book.holds.values())
    assert all(0 <= hold.captured <= hold.amount for hold in book.holds.values())


def replace_alerted(book: Books, like: Books) -> Books:
    """A refusal may leave one thing: that a cap stopped something is told, once."""
    copy = deepcopy(book)
    for key, cap in copy.caps.items():
        cap.alerted = like.caps[key].alerted
    return copy


@given(books(), st.lists(commands, max_size=12))
def test_no_cap_is_passed(book: Books, batch: list) -> None:
    over = {key: cap.spent + cap.reserved for key, cap in book.caps.items()}
    alerts = decide(batch, book).alerts
    for key, cap in book.caps.items():
        assert cap.spent + cap.reserved <= max(cap.limit, over[key])
    assert len({(alert.cap_id, alert.percent) for alert in alerts}) == len(alerts)


@given(books(), st.lists(commands, max_size=12))
def test_every_step_keeps_the_books(book: Books, batch: list) -> None:
    for command in batch:
        before = deepcopy(book)
        closed = {r: deepcopy(h) for r, h in book.holds.items() if h.state != "held"}
        decision = decide([command], book)
        check(book)
        for request, hold in closed.items():
            assert book.holds[request] == hold
        # A refused extension may leave its checkpoint; every other refusal leaves nothing.
        if isinstance(decision.results[0], LedgerError) and not isinstance(command, Extend):
            untold = replace_alerted(book, before)
            assert untold == before
            told = Decision(results=decision.results, caps=decision.caps, alerts=decision.alerts)
            assert decision == told
            assert {alert.cap_id for alert in decision.alerts} == set(decision.caps)


@given(books(), st.lists(commands, max_size=12))
def test_a_batch_is_its_commands_one_by_one(book: Books, batch: list) -> None:
    alone = deepcopy(book)
    together = decide(batch, book)
    singles = [decide([command], alone) for command in batch]
    assert book == alone
    assert [repr(r) for r in together.results] == [repr(s.results[0]) for s in singles]
    assert together.postings == [posting for s in singles for posting in s.postings]
    assert together.usages == [usage for s in singles for usage in s.usages]
    for wallet in book.wallets:
        assert together.reserved.get(wallet, 0) == sum(s.reserved.get(wallet, 0) for s in singles)


@given(books(), st.lists(commands, max_size=12))
def test_repeating_what_was_accepted_moves_no_money(book: Books, batch: list) -> None:
    """What a writer does that lost the answer to its commit."""
    first = decide(batch, book)
    accepted = [
        command
        for command, result in zip(batch, first.results, strict=True)
        if not isinstance(result, LedgerError)
        and not isinstance(command, Expire)
        and (isinstance(command, Settle) or book.holds[command.request_id].state == "held")
    ]
    before = deepcopy((book.wallets, book.lots, book.caps))
    again = decide(accepted, book)
    after = replace_alerted(book, Books({}, {}, {}, before[2])).caps
    assert (book.wallets, book.lots, after) == before
    assert again.postings == again.usages == []
    assert not any(isinstance(result, LedgerError) for result in again.results)


def test_a_lease_that_was_renewed_in_time_is_no_expiry() -> None:
    """The sweeper picks holds before it locks them; what the lock finds is what counts."""
    hold = HoldRow("a", 1, 1, "gw", 10, delivered=4)
    book = Books({1: WalletRow(1, 10, 10)}, {"a": hold}, {1: [OpenLot(1, "paid", 10, None)]})
    assert decide([Expire("a")], book) == Decision(results=[None])
    hold.lapsed = True
    assert decide([Expire("a")], book).results == [Settlement(4, late=False)]
    assert (hold.state, hold.fault, book.wallets[1].available) == ("captured", "gateway_crash", 6)
