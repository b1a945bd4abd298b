"""The journal. `post` makes the one statement that writes entries and moves posted credit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from motet_billing.burn import Kind, Share

Account = Literal[
    "wallet", "revenue", "promo_expense", "payment_clearing", "breakage",
    "adjustment", "refund_clearing", "dispute_clearing",
]  # fmt: skip
Taking = Literal["adjustment", "refund", "dispute"]
# Where credit comes from that no payment brought, or that returns.
Source = Literal["adjustment", "refund_clearing", "dispute_clearing"]

# Where the credit of a lot comes from otherwise.
_SOURCE: dict[Kind, Account] = {"promo": "promo_expense", "paid": "payment_clearing"}
# Where credit goes that is taken back.
_SINK: dict[Taking, Account] = {
    "adjustment": "adjustment",
    "refund": "refund_clearing",
    "dispute": "dispute_clearing",
}


class Query(NamedTuple):
    """A statement with named parameters; the synchronous and the asynchronous driver take both."""

    text: str
    params: dict[str, Any]


class Line(NamedTuple):
    """One entry to be: positive raises the account. Only "wallet" names a lot."""

    account: Account
    lot_id: int | None
    amount: int


@dataclass(frozen=True, slots=True)
class Posting:
    """One journal to be. `key` names its cause, once and for all."""

    key: str
    wallet_id: int
    kind: Literal["grant", "capture", "expiry"] | Taking
    lines: tuple[Line, ...]
    memo: str = ""

    def __post_init__(self) -> None:
        if len(self.lines) < 2 or sum(line.amount for line in self.lines) != 0:
            raise ValueError(f"{self.key} does not balance: {self.lines}")
        if any((line.account == "wallet") != (line.lot_id is not None) for line in self.lines):
            raise ValueError(f"{self.key} names lots beside the wallet: {self.lines}")


def grant(
    *,
    source_key: str,
    wallet_id: int,
    lot_id: int,
    kind: Kind,
    amount: int,
    memo: str,
    source: Source | None = None,
) -> Posting:
    """New credit, from `source`, else from the account that its kind names."""
    lines = (Line(source or _SOURCE[kind], None, -amount), Line("wallet", lot_id, amount))
    return Posting(f"grant:{source_key}", wallet_id, "grant", lines, memo)


def capture(*, request_id: str, wallet_id: int, shares: Iterable[Share]) -> Posting:
    """What a request cost, out of the lots that pay."""
    return Posting(f"hold:{request_id}", wallet_id, "capture", _out(shares, "revenue"))


def expiry(*, wallet_id: int, share: Share, remaining: int) -> Posting:
    """Credit that ran out unused. `remaining`, before, tells one part of a lot from the next."""
    key = f"expiry:{share.lot_id}:{remaining}"
    return Posting(key, wallet_id, "expiry", _out([share], "breakage"))


def taking(
    *, source_key: str, wallet_id: int, kind: Taking, shares: Iterable[Share], memo: str
) -> Posting:
    """Credit that is taken back, into the account that its kind names."""
    key = f"take:{source_key}"
    return Posting(key, wallet_id, kind, _out(shares, _SINK[kind]), memo)


def post(postings: Sequence[Posting]) -> Query:
    """Write journals with their entries, and move the wallets and lots by just these entries.

    The only writer of Journal, Entry, Wallet.posted and Lot.remaining. The caller holds the locks
    of the wallets. A key that is on record fails the statement with a unique violation.
    """
    lines = [(posting.key, line) for posting in postings for line in posting.lines]
    return Query(
        _POST,
        {
            "journal_keys": [posting.key for posting in postings],
            "wallets": [posting.wallet_id for posting in postings],
            "kinds": [posting.kind for posting in postings],
            "memos": [posting.memo for posting in postings],
            "entry_keys": [key for key, _ in lines],
            "accounts": [line.account for _, line in lines],
            "lots": [line.lot_id for _, line in lines],
            "amounts": [line.amount for _, line in lines],
        },
    )


def _out(shares: Iterable[Share], account: Account) -> tuple[Line, ...]:
    taken = tuple(Line("wallet", share.lot_id, -share.amount) for share in shares)
    return (*taken, Line(account, None, -sum(line.amount for line in taken)))


_POST = """
WITH line AS (
    SELECT * FROM unnest(
        %(entry_keys)s::text[], %(accounts)s::text[], %(lots)s::bigint[], %(amounts)s::bigint[]
    ) AS line (key, account, lot_id, amount)
), journal AS (
    INSERT INTO billing_journal (key, wallet_id, kind, memo)
    SELECT * FROM unnest(
        %(journal_keys)s::text[], %(wallets)s::bigint[], %(kinds)s::text[], %(memos)s::text[]
    )
    RETURNING id, key, wallet_id
), entry AS (
    INSERT INTO billing_entry (journal_id, account, lot_id, amount)
    SELECT journal.id, line.account, line.lot_id, line.amount FROM line JOIN journal USING (key)
), lot AS (
    UPDATE billing_lot SET remaining = remaining + moved.amount
    FROM (
        SELECT lot_id, sum(amount)::bigint AS amount FROM line
        WHERE lot_id IS NOT NULL GROUP BY lot_id
    ) AS moved
    WHERE billing_lot.id = moved.lot_id
)
UPDATE billing_wallet SET posted = posted + moved.amount
FROM (
    SELECT journal.wallet_id, sum(line.amount)::bigint AS amount
    FROM line JOIN journal USING (key) WHERE line.account = 'wallet' GROUP BY journal.wallet_id
) AS moved
WHERE billing_wallet.id = moved.wallet_id
"""
