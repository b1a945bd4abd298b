"""What the books say. Reads only."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import FilteredRelation, Prefetch, Q
from django.db.models.functions import Now

from motet_billing.audit import Violation, audit
from motet_billing.burn import Kind, OpenLot, order
from motet_billing.caps import CapRow, as_period
from motet_billing.errors import UnknownWallet
from motet_billing.models import Cap, Entry, Journal, PriceVersion, Wallet
from motet_billing.pricing import Price

__all__ = [
    "Balance",
    "LotBalance",
    "StatementLine",
    "Violation",
    "audit",
    "balance",
    "cap_row",
    "caps",
    "ledger",
    "price_at",
    "prices_at",
]


@dataclass(frozen=True, slots=True)
class LotBalance:
    """A lot that still has credit, in the order in which lots pay."""

    id: int
    kind: Kind
    amount: int
    remaining: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Balance:
    """A wallet at one instant, in picodollars."""

    posted: int
    reserved: int
    available: int
    lots: tuple[LotBalance, ...]


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One event of a wallet: credit is positive, charges are negative."""

    id: int
    created_at: datetime
    kind: str
    key: str
    amount: int
    memo: str
    lots: tuple[tuple[int, int], ...]  # (lot, amount)

    @property
    def request_id(self) -> str | None:
        """The request that a capture paid for."""
        return self.key.removeprefix("hold:") if self.kind == "capture" else None


def balance(account_id: int) -> Balance:
    """The account's balance; UnknownWallet without a wallet."""
    # One statement, since two would show a moment that never was.
    rows = list(
        Wallet.objects.filter(account_id=account_id)
        .annotate(open=FilteredRelation("lots", condition=Q(lots__remaining__gt=0)))
        .values_list(
            "posted",
            "reserved",
            "open__id",
            "open__kind",
            "open__remaining",
            "open__expires_at",
            "open__amount",
        )
    )
    if not rows:
        raise UnknownWallet(f"account {account_id} has no wallet")
    posted, reserved = rows[0][:2]
    amounts = {row[2]: row[6] for row in rows if row[2] is not None}
    lots = order(OpenLot(*row[2:6]) for row in rows if row[2] is not None)
    return Balance(
        posted=posted,
        reserved=reserved,
        available=posted - reserved,
        lots=tuple(
            LotBalance(lot.id, lot.kind, amounts[lot.id], lot.remaining, lot.expires_at)
            for lot in lots
        ),
    )


def ledger(account_id: int, *, limit: int = 100, before: int | None = None) -> list[StatementLine]:
    """The account's statement, newest first; `before` is the id of the last line of a page."""
    # By the wallet's own id: over a join, the planner would walk everybody's journals.
    wallet = Wallet.objects.filter(account_id=account_id).first()
    if wallet is None:
        return []
    journals = Journal.objects.filter(wallet=wallet)
    if before is not None:
        journals = journals.filter(id__lt=before)
    entries = Entry.objects.filter(account="wallet").order_by("id")
    rows = journals.order_by("-id").prefetch_related(Prefetch("entries", entries, to_attr="own"))
    return [
        StatementLine(
            id=row.pk,
            created_at=row.created_at,
            kind=row.kind,
            key=row.key,
            amount=sum(entry.amount for entry in row.own),
            memo=row.memo,
            lots=tuple((entry.lot_id or 0, entry.amount) for entry in row.own),
        )
        for row in rows[:limit]
    ]


def caps(account_id: int) -> list[CapRow]:
    """The account's caps, each in the window of this moment."""
    rows = []
    for cap in Cap.objects.filter(wallet__account_id=account_id).annotate(now=Now()).order_by("id"):
        row = cap_row(cap)
        row.roll(cap.now)
        rows.append(row)
    return rows


def cap_row(cap: Cap) -> CapRow:
    """The pure form of a cap, as it was last written."""
    return CapRow(
        id=cap.pk,
        wallet_id=cap.wallet_id,
        subject=cap.subject,
        limit=cap.limit,
        period=as_period(cap.period),
        window_start=cap.window_start,
        spent=cap.spent,
        reserved=cap.reserved,
        alerted=cap.alerted,
    )


def price_at(sku: str, when: datetime | None = None) -> Price | None:
    """The price of a base model in force at an instant (now, by the database's clock)."""
    return prices_at(when).get(sku)


def prices_at(when: datetime | None = None) -> dict[str, Price]:
    """All prices in force at an instant, by base model."""
    versions = (
        PriceVersion.objects.filter(valid_from__lte=when or Now())
        .order_by("sku", "-valid_from")
        .distinct("sku")
    )
    return {
        row.sku: Price(row.pk, row.sku, row.input, row.cached_input, row.output) for row in versions
    }
