"""Random histories against the real database and a model in plain Python, step by step.

The model knows nothing of batches, locks or SQL: it is the ledger as one would tell it. After every
step the audit is empty (I1-I8) and every wallet, lot and hold is where the model says.
"""

import asyncio
import itertools
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
    """Lots by id, in the order of their making; holds by request; caps by wallet and subject."""

    lots: dict[int, dict[int, Lot]] = field(default_factory=lambda: {n: {} for n in range(WALLETS)})
    holds: dict[str, Hold] = field(default_factory=dict)
    caps: dict[tuple[int, str], Cap] = field(default_factory=dict)

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
        for _ in range(cost):  # one picodollar at a time
            next(lot for lot in self.in_order(hold.wallet) if lot.remaining).remaining -= 1

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
        return gone


def machine(bank: Any, dsn: str) -> type[RuleBasedStateMachine]:
    """The state machine over a bank and two writers of its database."""
    from motet_billing import errors
    from motet_billing.cap_services import cap_clear, cap_set
    from motet_billing.commands import Settlement
    from motet_billing.models import Cap as CapTable
    from motet_billing.models import Hold as HoldTable
    from motet_billing.models import Lot as LotTable
    from motet_billing.models import Wallet
    from motet_billing.selectors import audit
    from motet_billing.services import lots_expire
    from motet_billing.writer import LedgerWriter
    from motet_platform.metering.models import UsageRecord
    from motet_platform.metering.sink import usage_insert

    runs = itertools.count()
    refusals = {
        "cap": errors.SpendCapReached, "credit": errors.InsufficientCredit, None: None,
    }  # fmt: skip

    class Ledger(RuleBasedStateMachine):
        requests = Bundle("requests")

        @initialize()
        def open_the_bank(self) -> None:
            bank.clear()
            self.run = next(runs)
            self.names = itertools.count()
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
            self.model.lots[wallet][lot.pk] = Lot(kind, amount, expires_at)

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
            return multiple(*(name for name in names if name in self.model.holds))

        @rule(request=requests, more=st.integers(-20, 60), delivered=shares)
        def extend(self, request: str, more: int, delivered: int) -> None:
            hold = self.model.holds[request]
            amount = max(1, hold.amount + more)
            cost = min(hold.amount, amount) * delivered // 100
            expected: Any = None
            if hold.state != "held":
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
                hold = self.model.holds[request]
                cost = hold.amount * share // 100
                if hold.state == "held":
                    self.model.end(hold, cost)
                settling = bank.settling(self.wallets[hold.wallet], request, cost)
                calls.append(self.writers[int(request.split(":")[1])].hold_settle(**settling))
                swept = request in {each.request_id for each in bank.swept}
                expected.append(Settlement(hold.captured, late=swept))
            # One writer takes a batch in order, and no request belongs to both.
            assert self.together(calls) == expected

        @rule(dead=st.lists(requests, max_size=3))
        def crash_and_sweep(self, dead: list[str]) -> None:
            bank.lapse(*dead)
            expected = {}
            for request in dead:
                hold = self.model.holds[request]
                if hold.state == "held":
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
            ended = {name: h.captured for name, h in self.model.holds.items() if h.state != "held"}
            used = UsageRecord.objects.filter(pk__startswith=f"{self.run}:")
            assert dict(used.values_list("pk", "cost")) == ended

    return Ledger


@pytest.mark.parametrize(
    ("examples", "steps"), [(12, 30), pytest.param(300, 60, marks=pytest.mark.slow)]
)
@pytest.mark.timeout(1800)
def test_the_ledger_is_what_the_model_says(bank, dsn, examples, steps):
    run_state_machine_as_test(
        machine(bank, dsn),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
