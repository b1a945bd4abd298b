"""An account's month: what it had, what moved it, what it used, and what is left. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from motet_platform.accounts.models import Account


class Movement(NamedTuple):
    """What moved the credit beside requests: picodollars, positive where they came in."""

    at: datetime
    kind: str
    reference: str
    memo: str
    amount: int


class Charge(NamedTuple):
    """What the requests of one day (UTC) to one model cost, in picodollars."""

    day: date
    base: str
    model: str
    requests: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    cost: int


@dataclass(frozen=True)
class Statement:
    """`opening` + movements - charges = `closing`, to the picodollar."""

    start: datetime
    end: datetime
    closing: int
    movements: list[Movement]
    charges: list[Charge]

    @property
    def opening(self) -> int:
        return self.closing - sum(move.amount for move in self.movements) + self.charged

    @property
    def charged(self) -> int:
        return sum(charge.cost for charge in self.charges)

    def by_model(self) -> Iterator[Charge]:
        """The charges of the whole month, by base and model; the day is its first."""
        sums: dict[tuple[str, str], list[int]] = {}
        for _, base, model, *figures in self.charges:
            kept = sums.setdefault((base, model), [0] * len(figures))
            sums[base, model] = [a + b for a, b in zip(kept, figures, strict=True)]
        for (base, model), figures in sorted(sums.items()):
            yield Charge(self.start.date(), base, model, *figures)


def month_of(instant: datetime) -> tuple[datetime, datetime]:
    """First moment of the instant's month in UTC, and of the next."""
    first = instant.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first, (first + timedelta(days=32)).replace(day=1)


def statement(account: Account, *, start: datetime, end: datetime) -> Statement:
    """From one statement to the database, so that all of it is of the same instant.

    Counted back from what the wallet has now: a month that ended is the same whenever it is asked
    for, and its opening is the closing of the month before.
    """
    asked: dict[str, int | datetime] = {
        "account": account.pk, "wallet": account.wallet.pk, "start": start, "end": end,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, asked)
        ((closing, movements, charges),) = cursor.fetchall()
    return Statement(
        start=start,
        end=end,
        closing=int(closing),
        movements=[Movement(datetime.fromisoformat(at), *rest) for at, *rest in movements],
        charges=[_charge(*row) for row in charges],
    )


def _charge(day: str, *rest: Any) -> Charge:
    return Charge(date.fromisoformat(day), *rest)


# A charge counts on the day of its usage record, in this month or a later one but never in both.
_STATEMENT = """
WITH line AS (
    SELECT journal.id, journal.created_at, journal.kind, journal.key, journal.memo,
           sum(entry.amount) AS amount
    FROM billing_journal journal
    JOIN billing_entry entry ON entry.journal_id = journal.id AND entry.account = 'wallet'
    WHERE journal.wallet_id = %(wallet)s AND journal.kind <> 'capture'
      AND journal.created_at >= %(start)s
    GROUP BY journal.id
), used AS (
    SELECT date_trunc('day', hour, 'UTC') AS day, base, model, sum(requests) AS requests,
           sum(prompt_tokens) AS prompt_tokens, sum(cached_tokens) AS cached_tokens,
           sum(completion_tokens) AS completion_tokens, sum(cost) AS cost
    FROM metering_usagehour WHERE account_id = %(account)s AND hour >= %(start)s GROUP BY 1, 2, 3
)
SELECT wallet.posted
       - coalesce((SELECT sum(amount) FROM line WHERE created_at >= %(end)s), 0)
       + coalesce((SELECT sum(cost) FROM used WHERE day >= %(end)s), 0),
       coalesce((
           SELECT json_agg(json_build_array(created_at, kind, key, memo, amount) ORDER BY id)
           FROM line WHERE created_at < %(end)s
       ), '[]'),
       coalesce((
           SELECT json_agg(json_build_array(
               (day AT TIME ZONE 'UTC')::date, base, model, requests, prompt_tokens,
               cached_tokens, completion_tokens, cost
           ) ORDER BY day, base, model) FROM used WHERE day < %(end)s
       ), '[]')
FROM billing_wallet wallet WHERE wallet.id = %(wallet)s
"""
