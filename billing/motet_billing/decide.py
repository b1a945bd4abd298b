"""What a batch of commands changes. Pure: rows read under lock go in, changes come out.

Commands are taken in order, each on top of what the ones before it did; one that is refused
changes nothing and does not touch its neighbours.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from motet_billing import errors
from motet_billing.burn import OpenLot, burn
from motet_billing.caps import Alert, CapRow
from motet_billing.commands import Command, Expire, Extend, Open, Settle, Settlement
from motet_billing.ledger import Posting, capture

FAULT_LEASE = "gateway_crash"
State = Literal["held", "captured", "released"]
Result = Settlement | errors.LedgerError | None


@dataclass(slots=True)
class WalletRow:
    """A wallet under lock."""

    id: int
    posted: int
    reserved: int

    @property
    def available(self) -> int:
        return self.posted - self.reserved


@dataclass(slots=True)
class HoldRow:
    """A hold under lock, or one to be. `lapsed`: its lease has run out."""

    request_id: str
    wallet_id: int
    price_version_id: int
    owner: str
    amount: int
    captured: int = 0
    state: State = "held"
    delivered: int = 0
    fault: str = ""
    lapsed: bool = False
    subject: str = ""
    checkpoint: str | None = None  # only a new one
    context: str = "{}"  # only that of a new hold


@dataclass(slots=True)
class Books:
    """The rows that a batch may touch, changed in place as its commands are decided."""

    wallets: dict[int, WalletRow]
    holds: dict[str, HoldRow]
    lots: dict[int, list[OpenLot]]
    caps: dict[tuple[int, str], CapRow] = field(default_factory=dict)  # by wallet and subject

    @classmethod
    def of(
        cls,
        wallets: Iterable[tuple[Any, ...]],
        holds: Iterable[tuple[Any, ...]],
        lots: Iterable[tuple[Any, ...]],
        caps: Iterable[tuple[Any, ...]] = (),
    ) -> "Books":
        """From the rows of the queries in `sql.locks`; each cap in the window of this moment."""
        books = cls({}, {}, {})
        books.wallets = {row[0]: WalletRow(*row) for row in wallets}
        books.holds = {row[0]: HoldRow(*row) for row in holds}
        for wallet_id, *lot in lots:
            books.lots.setdefault(wallet_id, []).append(OpenLot(*lot))
        for now, *row in caps:
            cap = CapRow(*row)
            cap.roll(now)
            books.caps[cap.wallet_id, cap.subject] = cap
        return books

    def caps_on(self, wallet_id: int, subject: str) -> list[CapRow]:
        """The caps that a hold of this subject counts against: its own, and the wallet's."""
        keys = dict.fromkeys([(wallet_id, ""), (wallet_id, subject)])
        return [self.caps[key] for key in keys if key in self.caps]


@dataclass(slots=True)
class Decision:
    """One result per command, and what has to be written. A result that is an error is raised."""

    results: list[Result] = field(default_factory=list)
    opened: dict[str, HoldRow] = field(default_factory=dict)
    changed: dict[str, HoldRow] = field(default_factory=dict)
    reserved: dict[int, int] = field(default_factory=dict)
    postings: list[Posting] = field(default_factory=list)
    usages: list[Any] = field(default_factory=list)
    caps: dict[int, CapRow] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)

    def touch(self, hold: HoldRow) -> None:
        if hold.request_id not in self.opened:
            self.changed[hold.request_id] = hold

    def reserve(self, wallet: WalletRow, caps: Iterable[CapRow], amount: int) -> None:
        """Of the wallet and of every cap on it; a negative amount gives it back."""
        wallet.reserved += amount
        self.reserved[wallet.id] = self.reserved.get(wallet.id, 0) + amount
        for cap in caps:
            cap.reserved += amount
            self.caps[cap.id] = cap

    def tell(self, cap: CapRow, *, stopped: bool = False) -> None:
        if alert := cap.crossed(stopped=stopped):
            self.alerts.append(alert)
            self.caps[cap.id] = cap


def decide(commands: Sequence[Command], books: Books) -> Decision:
    """Decide the commands in order."""
    decision = Decision()
    for command in commands:
        try:
            result = _DECIDE[type(command)](command, books, decision)
        except errors.LedgerError as error:
            result = error
        decision.results.append(result)
    return decision


def _open(command: Open, books: Books, decision: Decision) -> None:
    if hold := books.holds.get(command.request_id):
        if (hold.wallet_id, hold.owner, hold.state) != (command.wallet_id, command.owner, "held"):
            raise errors.HoldConflict(f"{command.request_id} is in use")
        return  # a replay: the first answer was lost on its way
    wallet = books.wallets.get(command.wallet_id)
    if wallet is None:
        raise errors.UnknownWallet(f"no wallet {command.wallet_id}")
    caps = books.caps_on(command.wallet_id, command.subject)
    if refusal := _refusal(wallet, caps, command.amount, decision):
        raise refusal
    hold = HoldRow(
        command.request_id,
        command.wallet_id,
        command.price_version_id,
        command.owner,
        command.amount,
        subject=command.subject,
        context=command.context,
    )
    books.holds[hold.request_id] = decision.opened[hold.request_id] = hold
    decision.reserve(wallet, caps, command.amount)


def _extend(command: Extend, books: Books, decision: Decision) -> None:
    hold = _held(command.request_id, books)
    if hold.state != "held":
        raise errors.HoldClosed(f"{command.request_id} is {hold.state}")
    wallet = books.wallets[hold.wallet_id]
    more = max(0, command.amount - hold.amount)  # nothing, if this is a replay
    caps = books.caps_on(hold.wallet_id, hold.subject)
    refusal = _refusal(wallet, caps, more, decision)
    if refusal is None:
        hold.amount += more
        decision.reserve(wallet, caps, more)
    # What was delivered is on record even where more is refused, as far as it was held.
    if hold.delivered <= command.delivered <= hold.amount:
        hold.delivered, hold.checkpoint = command.delivered, command.checkpoint
    decision.touch(hold)
    if refusal is not None:
        raise refusal


def _settle(command: Settle, books: Books, decision: Decision) -> Settlement:
    hold = _held(command.request_id, books)
    if hold.state != "held":
        return Settlement(hold.captured, late=bool(hold.fault))
    if command.cost > hold.amount:
        raise errors.CostExceedsHold(f"{command.cost} for {hold.request_id}, {hold.amount} held")
    _end(hold, command.cost, "", books, decision)
    if command.usage is not None:
        decision.usages.append(command.usage)
    return Settlement(hold.captured, late=False)


def _expire(command: Expire, books: Books, decision: Decision) -> Settlement | None:
    hold = books.holds.get(command.request_id)
    if hold is None or hold.state != "held" or not hold.lapsed:
        return None
    _end(hold, hold.delivered, FAULT_LEASE, books, decision)
    return Settlement(hold.captured, late=False)


def _end(hold: HoldRow, cost: int, fault: str, books: Books, decision: Decision) -> None:
    if cost:
        lots = books.lots.get(hold.wallet_id, [])
        shares = burn(lots, cost)
        taken = dict(shares)
        books.lots[hold.wallet_id] = [
            replace(lot, remaining=lot.remaining - taken.get(lot.id, 0)) for lot in lots
        ]
        decision.postings.append(
            capture(request_id=hold.request_id, wallet_id=hold.wallet_id, shares=shares)
        )
    wallet = books.wallets[hold.wallet_id]
    wallet.posted -= cost
    caps = books.caps_on(hold.wallet_id, hold.subject)
    decision.reserve(wallet, caps, -hold.amount)
    for cap in caps:
        cap.spent += cost
        decision.tell(cap)
    hold.captured, hold.fault = cost, fault
    hold.state = "captured" if cost else "released"
    decision.touch(hold)


def _held(request_id: str, books: Books) -> HoldRow:
    hold = books.holds.get(request_id)
    if hold is None:
        raise errors.UnknownHold(f"no hold {request_id}")
    return hold


def _refusal(
    wallet: WalletRow, caps: Sequence[CapRow], amount: int, decision: Decision
) -> errors.InsufficientCredit | None:
    """Why `amount` more cannot be held, by what leaves the least; None if it can."""
    for cap in caps:
        if cap.spent + amount > cap.limit:
            decision.tell(cap, stopped=True)
    tightest = min(caps, key=lambda cap: cap.room, default=None)
    if tightest is not None and tightest.room < min(amount, wallet.available):
        return errors.SpendCapReached(
            tightest.room,
            amount,
            subject=tightest.subject,
            limit=tightest.limit,
            spent=tightest.spent,
            resets_at=tightest.resets_at,
        )
    if amount > wallet.available:
        return errors.InsufficientCredit(wallet.available, amount)
    return None


_DECIDE: dict[type[Command], Callable[[Any, Books, Decision], Result]] = {
    Open: _open,
    Extend: _extend,
    Settle: _settle,
    Expire: _expire,
}
