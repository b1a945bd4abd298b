"""The invariants of README.md as one query, so that all of them see the same instant."""

from typing import NamedTuple

from django.db import connection


class Violation(NamedTuple):
    """A broken invariant (its name in README.md), the row it is about, and both figures."""

    invariant: str
    subject: str
    detail: str


def audit() -> list[Violation]:
    """Everything that is wrong with the books: nothing, at any instant."""
    with connection.cursor() as cursor:
        cursor.execute(AUDIT)
        return [Violation(*row) for row in cursor.fetchall()]


AUDIT = """
WITH journal AS (
    SELECT j.id, j.key, j.kind, j.wallet_id, count(e.id) AS lines,
           coalesce(sum(e.amount), 0) AS total,
           coalesce(sum(e.amount) FILTER (WHERE e.account = 'wallet'), 0) AS moved,
           coalesce(sum(e.amount) FILTER (WHERE e.account = 'revenue'), 0) AS revenue
    FROM billing_journal j LEFT JOIN billing_entry e ON e.journal_id = j.id GROUP BY j.id
), wallet AS (
    SELECT w.id, w.posted, w.reserved, coalesce(entries.total, 0) AS moved,
           coalesce(lots.total, 0) AS lots, coalesce(holds.total, 0) AS held
    FROM billing_wallet w
    LEFT JOIN (SELECT wallet_id, sum(moved) AS total FROM journal GROUP BY 1) AS entries
        ON entries.wallet_id = w.id
    LEFT JOIN (SELECT wallet_id, sum(remaining) AS total FROM billing_lot GROUP BY 1) AS lots
        ON lots.wallet_id = w.id
    LEFT JOIN (
        SELECT wallet_id, sum(amount) AS total FROM billing_hold WHERE state = 'held' GROUP BY 1
    ) AS holds ON holds.wallet_id = w.id
), lot AS (
    SELECT l.id, l.amount, l.remaining, coalesce(sum(e.amount), 0) AS moved,
           coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0) AS granted,
           coalesce(bool_or(j.wallet_id <> l.wallet_id), false) AS strange
    FROM billing_lot l
    LEFT JOIN billing_entry e ON e.lot_id = l.id
    LEFT JOIN billing_journal j ON j.id = e.journal_id
    GROUP BY l.id
)
SELECT 'I1', key, format('entries sum to %s', total) FROM journal WHERE total <> 0
UNION ALL
SELECT 'I2', key, format('%s entries', lines) FROM journal WHERE lines < 2
UNION ALL
SELECT 'I3', id::text, format('posted %s, entries %s', posted, moved) FROM wallet
    WHERE posted <> moved
UNION ALL
SELECT 'I4', id::text, format('posted %s, lots %s', posted, lots) FROM wallet WHERE posted <> lots
UNION ALL
SELECT 'I5', id::text, format('reserved %s, held %s', reserved, held) FROM wallet
    WHERE reserved <> held
UNION ALL
SELECT 'I6', id::text,
       format('amount %s, granted %s; remaining %s, entries %s', amount, granted, remaining, moved)
    FROM lot WHERE remaining <> moved OR amount <> granted OR strange
UNION ALL
SELECT 'I7', coalesce(h.request_id, journal.key),
       format('captured %s, revenue %s', coalesce(h.captured, 0), coalesce(journal.revenue, 0))
    FROM (SELECT * FROM billing_hold WHERE captured > 0) AS h
    FULL JOIN (SELECT * FROM journal WHERE kind = 'capture') AS journal
        ON journal.key = 'hold:' || h.request_id
    WHERE h.captured IS DISTINCT FROM journal.revenue OR h.wallet_id <> journal.wallet_id
UNION ALL
SELECT 'I8', 'all entries', format('sum to %s', sum(amount)) FROM billing_entry
    HAVING sum(amount) <> 0
UNION ALL
SELECT 'I16', cap.id::text, format('reserved %s, held %s', cap.reserved, held.total)
    FROM billing_cap cap CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount), 0) AS total FROM billing_hold hold
        WHERE hold.state = 'held' AND hold.wallet_id = cap.wallet_id
          AND cap.subject IN ('', hold.subject)
    ) AS held
    WHERE cap.reserved <> held.total
ORDER BY 1, 2
"""
