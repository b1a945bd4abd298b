"""Every cost again from tokens and prices, and the books against each other, to the picodollar.

Four books tell of the same requests: usage records, the ledger, the hourly sums, and the workers'
own journals. Each query is one statement, so that it sees one instant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection
from motet_billing.audit import Violation, audit
from motet_billing.checks import outside

from motet_platform.metering.worker_lines import worker_lines_load


class Total(NamedTuple):
    """One account's money by each book, in picodollars: all the same where all is well, but for
    `recomputed`, which may be more by named faults."""

    account: str
    requests: int
    recomputed: int
    recorded: int
    by_hour: int
    captured: int
    revenue: int


class Uncharged(NamedTuple):
    """Tokens that workers computed and nobody paid, by what became of their requests."""

    reason: str
    requests: int
    tokens: int


@dataclass(frozen=True)
class Report:
    """`mismatches` is empty where the books agree."""

    totals: list[Total]
    mismatches: list[Violation]
    uncharged: list[Uncharged]
    worker_lines: int


def reconcile(journals: Sequence[Path] = ()) -> Report:
    """Compare all books. Without journals, workers are not heard. OSError for an unreadable one."""
    lines = worker_lines_load(journals)
    found = [*audit(), *usage_mismatches()]
    if journals:
        found += [Violation(*row) for row in _rows(_WORKERS)]
    return Report(
        totals=[Total(*row) for row in _rows(_TOTALS)],
        mismatches=[*found, *outside()],
        uncharged=[Uncharged(*row) for row in _rows(_UNCHARGED)],
        worker_lines=lines,
    )


def usage_mismatches() -> list[Violation]:
    """Usage against prices (I10), the ledger (I10) and the hourly sums (I17): nothing, always."""
    return [Violation(*row) for row in _rows(_USAGE)]


def unfinished() -> list[Violation]:
    """Holds that are still open (I9): none, once all is quiet."""
    return [Violation(*row) for row in _rows(_UNFINISHED)]


def _rows(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


_DUE = """(usage.prompt_tokens - usage.cached_tokens)::numeric * price.input
    + usage.cached_tokens::numeric * price.cached_input
    + usage.completion_tokens::numeric * price.output"""

_USAGE = f"""
WITH due AS (
    SELECT usage.*, {_DUE} AS due FROM metering_usagerecord usage
    LEFT JOIN billing_priceversion price ON price.id = usage.price_version_id
), hours AS (
    SELECT account_id, date_trunc('hour', created_at, 'UTC') AS hour, model, base, version_id,
           key_id, worker, count(*) AS requests, sum(prompt_tokens) AS prompt_tokens,
           sum(cached_tokens) AS cached_tokens, sum(completion_tokens) AS completion_tokens,
           sum(cost) AS cost
    FROM metering_usagerecord GROUP BY 1, 2, 3, 4, 5, 6, 7
)
SELECT 'I10', request_id, format('recorded %s, tokens times price %s', cost, due) FROM due
    WHERE due IS DISTINCT FROM cost AND NOT (fault = 'over_hold' AND cost < due)
UNION ALL
SELECT 'I10', coalesce(due.request_id, hold.request_id),
       format('recorded %s, captured %s', coalesce(due.cost, 0), coalesce(hold.captured, 0))
    FROM due FULL JOIN (
        SELECT hold.*, wallet.account_id FROM billing_hold hold
        JOIN billing_wallet wallet ON wallet.id = hold.wallet_id
    ) AS hold ON hold.request_id = due.request_id
    WHERE coalesce(due.cost, 0) <> coalesce(hold.captured, 0)
       OR due.account_id <> hold.account_id OR due.price_version_id <> hold.price_version_id
UNION ALL
SELECT 'I17', format('account %s at %s', coalesce(hour.account_id, hours.account_id),
                     coalesce(hour.hour, hours.hour)),
       format('records %s, sums %s', coalesce(hours.cost, 0), coalesce(hour.cost, 0))
    FROM metering_usagehour hour FULL JOIN hours
        ON hours.account_id = hour.account_id AND hours.hour = hour.hour
        AND hours.model = hour.model AND hours.base = hour.base AND hours.worker = hour.worker
        AND coalesce(hours.version_id, 0) = coalesce(hour.version_id, 0)
        AND coalesce(hours.key_id, 0) = coalesce(hour.key_id, 0)
    WHERE (hours.requests, hours.prompt_tokens, hours.cached_tokens, hours.completion_tokens,
           hours.cost)
        IS DISTINCT FROM (hour.requests::bigint, hour.prompt_tokens::numeric,
           hour.cached_tokens::numeric, hour.completion_tokens::numeric, hour.cost::numeric)
ORDER BY 1, 2
"""  # noqa: S608 (own text)

_UNFINISHED = """
SELECT 'I9', request_id, format('still held: %s of wallet %s until %s', amount, wallet_id,
                                lease_until)
FROM billing_hold WHERE state = 'held' ORDER BY 2
"""

# A worker may have computed more than was delivered, never less; and what ended well is charged
# whole. A request that still runs has no record yet.
_WORKERS = """
WITH line AS (
    SELECT request_id, max(prompt_tokens) AS prompt_tokens,
           max(completion_tokens) AS completion_tokens, bool_or(outcome = 'finished') AS finished
    FROM worker_line GROUP BY 1
)
SELECT 'W1', usage.request_id,
       format('charged %s + %s tokens, computed %s + %s', usage.prompt_tokens,
              usage.completion_tokens, line.prompt_tokens, line.completion_tokens)
    FROM metering_usagerecord usage JOIN line USING (request_id)
    WHERE usage.completion_tokens > line.completion_tokens
       OR usage.prompt_tokens > line.prompt_tokens
       OR usage.status = 200 AND (
            usage.completion_tokens < line.completion_tokens
            OR usage.prompt_tokens < line.prompt_tokens)
UNION ALL
SELECT 'W2', line.request_id, format('computed %s tokens, never recorded', line.completion_tokens)
    FROM line LEFT JOIN metering_usagerecord usage USING (request_id)
    LEFT JOIN billing_hold hold USING (request_id)
    WHERE usage.request_id IS NULL AND line.finished
      AND (hold.state IS NULL OR hold.state <> 'held' AND hold.fault = '')
UNION ALL
SELECT 'W3', usage.request_id, format('charged %s, no worker knows of it', usage.cost)
    FROM metering_usagerecord usage LEFT JOIN line USING (request_id)
    WHERE line.request_id IS NULL AND usage.status = 200
      AND usage.created_at >= (SELECT to_timestamp(min(at)) FROM worker_line)
ORDER BY 1, 2
"""

_UNCHARGED = """
SELECT coalesce(nullif(usage.fault, ''), nullif(hold.fault, ''), nullif(usage.finish_reason, ''),
                'not recorded') AS reason,
       count(*), sum(line.tokens - coalesce(usage.completion_tokens, 0))::bigint
FROM (
    SELECT request_id, sum(completion_tokens) AS tokens FROM worker_line GROUP BY 1
) AS line
LEFT JOIN metering_usagerecord usage USING (request_id)
LEFT JOIN billing_hold hold USING (request_id)
WHERE line.tokens <> coalesce(usage.completion_tokens, 0)
GROUP BY 1 ORDER BY 1
"""

_TOTALS = f"""
SELECT account.slug, coalesce(usage.requests, 0), coalesce(usage.due, 0),
       coalesce(usage.cost, 0), coalesce(hour.cost, 0), coalesce(hold.captured, 0),
       coalesce(journal.revenue, 0)
FROM accounts_account account
LEFT JOIN billing_wallet wallet ON wallet.account_id = account.id
LEFT JOIN (
    SELECT account_id, count(*) AS requests, sum(cost)::bigint AS cost, sum({_DUE})::bigint AS due
    FROM metering_usagerecord usage
    LEFT JOIN billing_priceversion price ON price.id = usage.price_version_id GROUP BY 1
) AS usage ON usage.account_id = account.id
LEFT JOIN (
    SELECT account_id, sum(cost)::bigint AS cost FROM metering_usagehour GROUP BY 1
) AS hour ON hour.account_id = account.id
LEFT JOIN (
    SELECT wallet_id, sum(captured)::bigint AS captured FROM billing_hold GROUP BY 1
) AS hold ON hold.wallet_id = wallet.id
LEFT JOIN (
    SELECT journal.wallet_id, sum(entry.amount)::bigint AS revenue FROM billing_entry entry
    JOIN billing_journal journal ON journal.id = entry.journal_id
    WHERE entry.account = 'revenue' GROUP BY 1
) AS journal ON journal.wallet_id = wallet.id
ORDER BY 1
"""  # noqa: S608 (own text)
