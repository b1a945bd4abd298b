"""Random histories against the real database and a model in plain Python, step by step.

The model knows nothing of batches, locks or SQL: it is the ledger as one would tell it. After every
step the audit is empty (I1-I8) and every wallet, lot, hold and account is where the model says.

Where writers, the sweeper and a top-up race, any order is right. What came of it must then have a
reason, and the model goes on from there. So what a rule draws from never depends on how an earlier
one ended: bundles name also what was refused.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

pytestmark = pytest.mark.django_db(transaction=True)

WALLETS = 3
PAST, FUTURE = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 1))
amounts = st.integers(1, 60)
shares = st.integers(0, 100)
subjects = st.sampled_from(["", "key:1", "key:2"])
SOURCES = {"promo": "promo_expense", "paid": "payment_clearing"}
SINKS = {
    "adjustment": "adjustment", "refund": "refund_clearing", "dispute": "dispute_clearing",
}  # fmt: skip


@dataclass
class Lot:
    kind: str
    remaining: int
    expires_at: datetime | None


@dataclass
class Hold:
    wallet: int
    amount: int
    state: str = "held"
    captured: int = 0
    delivered: int = 0
    subject: str = ""


@dataclass
class Cap:
    limit: int
    spent: int = 0


@dataclass
class Model:
    """Lots by id, in the order of their making; holds by request; caps by wallet and subject.

    `accounts` is what the rest of the books came to: positive raised the account.
    """

    lots: dict[int, dict[int, Lot]] = field(default_factory=lambda: {n: {} for n in range(WALLETS)})
    holds: dict[str, Hold] = field(default_factory=dict)
    caps: dict[tuple[int, str], Cap] = field(default_factory=dict)
    accounts: Counter[str] = field(default_factory=Counter)

    def grant(self, wallet: int, number: int, lot: Lot, source: str) -> None:
        self.lots[wallet][number] = lot
        self.accounts[source] -= lot.remaining

    def takeable(self, wallet: int, kind: str | None) -> int:
        lots = [lot for lot in self.lots[wallet].values() if kind in (None, lot.kind)]
        return min(self.available(wallet), sum(lot.remaining for lot in lots))

    def take(self, wallet: int, amount: int, kind: str | None, sink: str) -> None:
        self._pay([lot for lot in self.in_order(wallet) if kind in (None, lot.kind)], amount)
        self.accounts[sink] += amount

    def _pay(self, lots: list[Lot], amount: int) -> None:
        for _ in range(amount):  # one picodollar at a time
            next(lot for lot in lots if lot.remaining).remaining -= 1

    def posted(self, wallet: int) -> int:
        return sum(lot.remaining for lot in self.lots[wallet].values())

    def reserved(self, wallet: int) -> int:
        return sum(
            hold.amount
            for hold in self.holds.values()
            if hold.wallet == wallet and hold.state == "held"
        )

    def available(self, wallet: int) -> int:
        return self.posted(wallet) - self.reserved(wallet)

    def cap_reserved(self, wallet: int, subject: str) -> int:
        return sum(
            hold.amount
            for hold in self.holds.values()
            if hold.wallet == wallet and hold.state == "held" and subject in ("", hold.subject)
        )

    def refusal(self, wallet: int, subject: str, amount: int) -> str | None:
        """What leaves the least names itself: "cap" or "credit"."""
        rooms = [
            max(0, cap.limit - cap.spent - self.cap_reserved(where, who))
            for (where, who), cap in self.caps.items()
            if where == wallet and who in ("", subject)
        ]
        room = min(rooms, default=None)
        if room is not None and room < amount and room < self.available(wallet):
            return "cap"
        return "credit" if amount > self.available(wallet) else None

    def in_order(self, wallet: int) -> list[Lot]:
        def key(item: tuple[int, Lot]) -> tuple[bool, bool, Any, int]:
            number, lot = item
            never = lot.expires_at is None
            return (lot.kind == "paid", never, lot.expires_at or PAST, number)

        return [lot for _, lot in sorted(self.lots[wallet].items(), key=key)]

    def end(self, hold: Hold, cost: int) -> None:
        hold.state, hold.captured = ("captured" if cost else "released"), cost
        for (wallet, subject), cap in self.caps.items():
            if wallet == hold.wallet and subject in ("", hold.subject):
                cap.spent += cost
        self._pay(self.in_order(hold.wallet), cost)
        self.accounts["revenue"] += cost

    def expire(self, wallet: int) -> int:
        kept = self.reserved(wallet)
        gone = 0
        for lot in self.in_order(wallet):
            for _ in range(lot.remaining):
                if kept:
                    kept -= 1
                elif lot.expires_at and lot.expires_at <= PAST:
                    lot.remaining -= 1
                    gone += 1
        self.accounts["breakage"] += gone
        return gone


def machine(bank: Any, dsn: str) -> type[RuleBasedStateMachine]:
    """The state machine over a bank and two writers of its database. Adjustments need four eyes."""
    from django.db import connections
    from django.db.models import Sum
    from motet_billing import errors
    from motet_billing.cap_services import cap_clear, cap_set
    from motet_billing.commands import Settlement
    from motet_billing.models import Cap as CapTable
    from motet_billing.models import Entry, Wallet
    from motet_billing.models import Hold as HoldTable
    from motet_billing.models import Lot as LotTable
    from motet_billing.selectors import audit
    from motet_billing.services import credit_grant, credit_take, lots_expire
    from motet_billing.writer import LedgerWriter
    from motet_platform.accounts.models import User
    from motet_platform.errors import MotetError
    from motet_platform.metering.models import UsageRecord
    from motet_platform.metering.sink import usage_insert
    from motet_platform.wallet.adjustments import adjustment_ask, adjustment_decide

    runs = itertools.count()
    staff = [User.objects.create_user(f"staff{n}@example.com") for n in range(2)]
    refusals = {
        "cap": errors.SpendCapReached, "credit": errors.InsufficientCredit, None: None,
    }  # fmt: skip

    async def aside(work: Callable[[], Any]) -> Any:
        """In a thread, on a connection of its own."""

        def whole() -> Any:
            try:
                return work()
            finally:
                connections.close_all()

        return await asyncio.to_thread(whole)

    class Ledger(RuleBasedStateMachine):
        requests = Bundle("requests")
        takings = Bundle("takings")
        adjustments = Bundle("adjustments")

        @initialize()
        def open_the_bank(self) -> None:
            bank.clear()
            self.run = next(runs)
            self.names = itertools.count()
            self.decided: set[int] = set()
            self.taken: set[str] = set()
            self.model = Model()
            self.wallets = [bank.wallet() for _ in range(WALLETS)]
            self.number = {wallet.pk: n for n, wallet in enumerate(self.wallets)}
            self.loop = asyncio.new_event_loop()
            self.writers = [
                LedgerWriter(
                    dsn,
                    owner=f"gw{n}",
                    lease_s=3600,
                    usage_insert=usage_insert,
                    hold_timeout_s=30,
                    settle_wait_s=30,
                )
                for n in range(2)
            ]
            for writer in self.writers:
                self.loop.run_until_complete(writer.start())

        def teardown(self) -> None:
            if hasattr(self, "loop"):
                for writer in self.writers:
                    self.loop.run_until_complete(writer.close())
                self.loop.close()

        def together(self, calls: list[Any]) -> list[Any]:
            """In one batch; what was raised comes back as its type."""

            async def gather() -> list[Any]:
                return await asyncio.gather(*calls, return_exceptions=True)

            answers = self.loop.run_until_complete(gather())
            return [type(each) if isinstance(each, Exception) else each for each in answers]

        @rule(
            wallet=st.integers(0, WALLETS - 1),
            amount=amounts,
            kind=st.sampled_from(["promo", "paid"]),
            expires_at=st.sampled_from([None, PAST, FUTURE]),
            times=st.integers(1, 2),
        )
        def grant(
            self, wallet: int, amount: int, kind: str, expires_at: datetime | None, times: int
        ) -> None:
            key = f"{self.run}:{next(self.names)}"
            for _ in range(times):
                lot = bank.grant(
                    self.wallets[wallet], amount, kind=kind, key=key, expires_at=expires_at
                )
            self.model.grant(wallet, lot.pk, Lot(kind, amount, expires_at), SOURCES[kind])

        @rule(
            target=takings,
            wallet=st.integers(0, WALLETS - 1),
            amount=amounts,
            kind=st.sampled_from(sorted(SINKS)),
            times=st.integers(1, 2),
        )
        def take_back(self, wallet: int, amount: int, kind: str, times: int) -> Any:
            """A refund or a dispute takes paid credit, an adjustment any; never what is held."""
            key, lots = f"{self.run}:{next(self.names)}", None if kind == "adjustment" else "paid"
            free = self.model.takeable(wallet, lots)
            asked = {
                "wallet_id": self.wallets[wallet].pk, "amount": amount, "kind": kind,
                "source_key": key, "memo": "", "lots": lots,
            }  # fmt: skip
            if amount > free:
                with pytest.raises(errors.InsufficientCredit) as refused:
                    credit_take(**asked)
                assert refused.value.available == free
                return (key, wallet, amount, kind)
            for _ in range(times):
                credit_take(**asked)
            self.model.take(wallet, amount, lots, SINKS[kind])
            self.taken.add(key)
            return (key, wallet, amount, kind)

        @rule(taking=takings)
        def return_it(self, taking: tuple[str, int, int, str]) -> None:
            """A refund fails, a dispute is won: once, however often it is told."""
            key, wallet, amount, kind = taking
            if key not in self.taken:
                return
            lot = credit_grant(
                wallet_id=self.wallets[wallet].pk, amount=amount, kind="paid",
                source_key=f"{key}:back", source=SINKS[kind],
            )  # fmt: skip
            if lot.pk not in self.model.lots[wallet]:
                self.model.grant(wallet, lot.pk, Lot("paid", amount, None), SINKS[kind])

        @rule(
            target=adjustments,
            wallet=st.integers(0, WALLETS - 1),
            amount=st.integers(-60, 60).filter(bool),
            kind=st.sampled_from(["promo", "paid"]),
            by=st.integers(0, 1),
        )
        def ask_for_an_adjustment(self, wallet: int, amount: int, kind: str, by: int) -> Any:
            asked = adjustment_ask(
                account=self.wallets[wallet].account, amount=amount, reason="model",
                by=staff[by], lot_kind=kind,
            )  # fmt: skip
            assert asked.state == "waiting"
            return (asked.pk, wallet, amount, kind, by)

        @rule(waiting=adjustments, by=st.integers(0, 1), approve=st.booleans())
        def decide(self, waiting: tuple[int, int, int, str, int], by: int, approve: bool) -> None:
            number, wallet, amount, kind, asked_by = waiting
            once = number not in self.decided
            fits = amount > 0 or -amount <= self.model.takeable(wallet, None)
            try:
                adjustment_decide(adjustment_id=number, by=staff[by], approve=approve)
            except MotetError as error:
                expected = (
                    "adjustment_not_found" if not once
                    else "four_eyes" if by == asked_by
                    else "invalid_request"
                )  # fmt: skip
                assert error.code == expected and (not once or approve)
                assert not once or by == asked_by or not fits
                return
            assert once and (not approve or (by != asked_by and fits))
            self.decided.add(number)
            if approve and amount > 0:
                lot = LotTable.objects.get(source_key=f"adjustment:{number}")
                source = "adjustment" if kind == "paid" else SOURCES[kind]
                self.model.grant(wallet, lot.pk, Lot(kind, amount, None), source)
            elif approve:
                self.model.take(wallet, -amount, None, "adjustment")

        @rule(
            target=requests,
            wallet=st.integers(0, WALLETS - 1),
            asks=st.lists(st.tuples(amounts, subjects), min_size=2, max_size=8),
            top_up=amounts,
        )
        def race_to_open(self, wallet: int, asks: list[tuple[int, str]], top_up: int) -> Any:
            """Both writers at once, beside a top-up."""
            named = [(f"{self.run}:{n % 2}:{next(self.names)}", n % 2) for n in range(len(asks))]
            calls = [
                self.writers[writer].hold_open(
                    **bank.opening(self.wallets[wallet], name, amount), subject=subject
                )
                for (name, writer), (amount, subject) in zip(named, asks, strict=True)
            ]
            key = f"{self.run}:{next(self.names)}"
            calls.append(aside(lambda: bank.grant(self.wallets[wallet], top_up, key=key)))
            *answers, lot = self.together(calls)
            done = list(zip((name for name, _ in named), asks, answers, strict=True))
            for name, (amount, subject), answer in done:
                if answer is None:
                    self.model.holds[name] = Hold(wallet, amount, subject=subject)
            for _, (amount, subject), answer in done:
                if answer is not None:  # it did not fit then, so without the top-up it never does
                    assert self.model.refusal(wallet, subject, amount), answer
            for _, (_, subject), answer in done:
                for (where, who), cap in self.model.caps.items():
                    if answer is None and where == wallet and who in ("", subject):
                        assert cap.spent + self.model.cap_reserved(where, who) <= cap.limit
            self.model.grant(wallet, lot.pk, Lot("paid", top_up, None), SOURCES["paid"])
            return multiple(*(name for name, _ in named))

        @rule(request=requests, one=shares, other=shares, lapsed=st.booleans())
        def race_to_end(self, request: str, one: int, other: int, lapsed: bool) -> None:
            """Two settlements of different costs and the sweeper: one of them is the end."""
            hold = self.model.holds.get(request)
            if hold is None or hold.state != "held":
                return
            costs = [hold.amount * share // 100 for share in (one, other)]
            calls = [
                writer.hold_settle(**bank.settling(self.wallets[hold.wallet], request, cost))
                for writer, cost in zip(self.writers, costs, strict=True)
            ]
            if lapsed:
                bank.lapse(request)
                calls.append(aside(bank.sweep))
            first, second, *swept = self.together(calls)
            ended = [each.cost for each in swept[0] if each.request_id == request] if swept else []
            assert first == second == Settlement(first.captured, late=bool(ended))
            assert first.captured in (ended or costs)
            self.model.end(hold, first.captured)

        @rule(
            target=requests,
            asks=st.lists(st.tuples(st.integers(0, WALLETS - 1), amounts, subjects), max_size=6),
            writer=st.integers(0, 1),
            times=st.integers(1, 2),
        )
        def open(self, asks: list[tuple[int, int, str]], writer: int, times: int) -> Any:
            names = [f"{self.run}:{writer}:{next(self.names)}" for _ in asks]
            calls, expected = [], []
            for name, (wallet, amount, subject) in zip(names, asks, strict=True):
                refusal = self.model.refusal(wallet, subject, amount)
                if refusal is None:
                    self.model.holds[name] = Hold(wallet, amount, subject=subject)
                for _ in range(times):
                    opening = bank.opening(self.wallets[wallet], name, amount)
                    calls.append(self.writers[writer].hold_open(**opening, subject=subject))
                    expected.append(refusals[refusal])
            assert self.together(calls) == expected
            return multiple(*names)

        @rule(request=requests, more=st.integers(-20, 60), delivered=shares)
        def extend(self, request: str, more: int, delivered: int) -> None:
            hold = self.model.holds.get(request, Hold(0, 1, state="never opened"))
            amount = max(1, hold.amount + more)
            cost = min(hold.amount, amount) * delivered // 100
            expected: Any = None
            if request not in self.model.holds:
                expected = errors.UnknownHold
            elif hold.state != "held":
                expected = errors.HoldClosed
            else:
                refusal = self.model.refusal(hold.wallet, hold.subject, max(0, more))
                expected = refusals[refusal]
                if refusal is None:
                    hold.amount = max(hold.amount, amount)
                hold.delivered = max(hold.delivered, cost)
            call = self.writers[int(request.split(":")[1])].hold_extend(
                request_id=request, amount=amount, checkpoint=bank.checkpoint(cost)
            )
            assert self.together([call]) == [expected]

        @rule(ending=st.lists(st.tuples(requests, shares), max_size=6))
        def settle(self, ending: list[tuple[str, int]]) -> None:
            calls, expected = [], []
            for request, share in ending:
                hold = self.model.holds.get(request)
                cost = hold.amount * share // 100 if hold else share
                if hold and hold.state == "held":
                    self.model.end(hold, cost)
                settling = bank.settling(self.wallets[hold.wallet if hold else 0], request, cost)
                calls.append(self.writers[int(request.split(":")[1])].hold_settle(**settling))
                swept = request in {each.request_id for each in bank.swept}
                ended = Settlement(hold.captured, late=swept) if hold else errors.UnknownHold
                expected.append(ended)
            # One writer takes a batch in order, and no request belongs to both.
            assert self.together(calls) == expected

        @rule(dead=st.lists(requests, max_size=3))
        def crash_and_sweep(self, dead: list[str]) -> None:
            bank.lapse(*dead)
            expected = {}
            for request in dead:
                hold = self.model.holds.get(request)
                if hold and hold.state == "held":
                    self.model.end(hold, hold.delivered)
                    expected[request] = hold.delivered
            assert {each.request_id: each.cost for each in bank.sweep()} == expected

        @rule(
            wallet=st.integers(0, WALLETS - 1),
            subject=subjects,
            limit=st.one_of(st.none(), st.integers(0, 80)),
        )
        def cap(self, wallet: int, subject: str, limit: int | None) -> None:
            """Set while holds are open; a cap that is there keeps its count."""
            where = {"wallet_id": self.wallets[wallet].pk, "subject": subject}
            there = (wallet, subject) in self.model.caps
            if limit is None:
                assert cap_clear(**where) == there
                self.model.caps.pop((wallet, subject), None)
                return
            cap_set(**where, limit=limit, period="none", spent=lambda start: 1 / 0)
            self.model.caps.setdefault((wallet, subject), Cap(limit)).limit = limit

        @rule()
        def expire(self) -> None:
            assert lots_expire() == sum(self.model.expire(n) for n in range(WALLETS))

        @invariant()
        def the_books_are_right(self) -> None:
            if not hasattr(self, "model"):
                return
            assert audit() == []
            rows = Wallet.objects.filter(pk__in=self.number).values_list("pk", "posted", "reserved")
            assert {self.number[pk]: figures for pk, *figures in rows} == {
                n: [self.model.posted(n), self.model.reserved(n)] for n in range(WALLETS)
            }
            lots = LotTable.objects.filter(wallet__in=self.number).values_list("pk", "remaining")
            assert dict(lots) == {
                number: lot.remaining
                for lots in self.model.lots.values()
                for number, lot in lots.items()
            }
            holds = HoldTable.objects.filter(wallet__in=self.number)
            assert {hold.pk: (hold.amount, hold.state, hold.captured) for hold in holds} == {
                name: (hold.amount, hold.state, hold.captured)
                for name, hold in self.model.holds.items()
            }
            caps = CapTable.objects.filter(wallet__in=self.number)
            assert {
                (self.number[cap.wallet_id], cap.subject): (cap.limit, cap.spent, cap.reserved)
                for cap in caps
            } == {
                (wallet, subject): (cap.limit, cap.spent, self.model.cap_reserved(wallet, subject))
                for (wallet, subject), cap in self.model.caps.items()
            }
            sums = Entry.objects.exclude(account="wallet").values_list("account")
            booked = dict(sums.annotate(total=Sum("amount")))
            assert {name: total for name, total in booked.items() if total} == {
                name: total for name, total in self.model.accounts.items() if total
            }
            ended = {name: h.captured for name, h in self.model.holds.items() if h.state != "held"}
            used = UsageRecord.objects.filter(pk__startswith=f"{self.run}:")
            assert dict(used.values_list("pk", "cost")) == ended

    return Ledger


@pytest.mark.parametrize(
    ("examples", "steps"), [(12, 30), pytest.param(100, 60, marks=pytest.mark.slow)]
)
@pytest.mark.timeout(1800)
def test_the_ledger_is_what_the_model_says(bank, dsn, examples, steps, monkeypatch):
    from motet_platform.config import get_config

    monkeypatch.setitem(get_config().__dict__, "four_eyes", True)
    run_state_machine_as_test(
        machine(bank, dsn),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
