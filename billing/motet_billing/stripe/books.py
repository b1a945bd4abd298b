"""The rows of this folder against the ledger, in two statements: nothing, at any instant."""

from django.db import connection

from motet_billing.audit import Violation


def books_compared() -> list[Violation]:
    """Payments (I11) and exports (I12, I14) against the ledger's journals."""
    with connection.cursor() as cursor:
        found = []
        for query in (_PAYMENTS, _EXPORTS):
            cursor.execute(query)
            found += [Violation(*row) for row in cursor.fetchall()]
    return found


# Each movement that a row stands for has one journal, in the account that it belongs to, and
# nothing else is in these accounts. A correction counts with the journal that it corrects.
_PAYMENTS = """
WITH booked AS (
    SELECT regexp_replace(journal.key, '^correct:', '') AS key, entry.account,
           min(journal.wallet_id) AS wallet_id, -sum(entry.amount) AS amount
    FROM billing_entry entry JOIN billing_journal journal ON journal.id = entry.journal_id
    WHERE entry.account IN ('payment_clearing', 'refund_clearing', 'dispute_clearing')
    GROUP BY 1, 2 HAVING sum(entry.amount) <> 0
), refund AS (
    SELECT refund.*, payment.wallet_id FROM motet_stripe_refund refund
    JOIN motet_stripe_payment payment ON payment.id = refund.payment_id WHERE taken <> 0
), dispute AS (
    SELECT dispute.*, payment.wallet_id FROM motet_stripe_dispute dispute
    JOIN motet_stripe_payment payment ON payment.id = dispute.payment_id WHERE taken <> 0
), due (account, key, wallet_id, amount) AS (
    SELECT 'payment_clearing', 'grant:stripe:' || intent_id, wallet_id,
           cents::numeric * 10000000000
        FROM motet_stripe_payment WHERE state = 'paid'
    UNION ALL
    SELECT 'refund_clearing', coalesce(
               (SELECT key FROM booked WHERE key = 'take:stripe:' || stripe_id),
               'take:stripe:refund:' || id
           ), wallet_id, -taken FROM refund
    UNION ALL
    SELECT 'refund_clearing', 'grant:stripe:refund-failed:' || id, wallet_id, taken FROM refund
        WHERE state = 'failed'
    UNION ALL
    SELECT 'dispute_clearing', 'take:stripe:' || stripe_id, wallet_id, -taken FROM dispute
    UNION ALL
    SELECT 'dispute_clearing', 'grant:stripe:' || stripe_id || ':won', wallet_id, taken
        FROM dispute WHERE state = 'won'
)
SELECT 'I11', key,
       format('%s: payments say %s, the ledger %s', account, coalesce(due.amount, 0),
              coalesce(booked.amount, 0))
FROM due FULL JOIN booked USING (key, account)
WHERE due.amount IS DISTINCT FROM booked.amount OR due.wallet_id <> booked.wallet_id
ORDER BY 2
"""

# Exports follow each other without a gap. Each has the whole micro-USD of all charges up to its
# end, less those of the exports before it; what is left below one is the plan's carry.
_EXPORTS = """
WITH charge AS (
    SELECT export.identifier, export.wallet_id, export.after_journal_id, export.journal_id,
           export.micro_usd, coalesce(sum(entry.amount), 0) AS charged
    FROM motet_stripe_meterexport export
    LEFT JOIN billing_journal journal
        ON journal.wallet_id = export.wallet_id AND journal.kind = 'capture'
        AND journal.id > export.after_journal_id AND journal.id <= export.journal_id
    LEFT JOIN billing_entry entry
        ON entry.journal_id = journal.id AND entry.account = 'revenue'
    GROUP BY export.identifier
), chain AS (
    SELECT charge.*, sum(charged) OVER line AS until,
           coalesce(lag(charge.journal_id) OVER line, plan.since_journal_id) AS before
    FROM charge LEFT JOIN motet_stripe_meterplan plan USING (wallet_id)
    WINDOW line AS (PARTITION BY wallet_id ORDER BY charge.journal_id)
), owed AS (
    SELECT *, div(until, 1000000) - div(until - charged, 1000000) AS owed FROM chain
), whole AS (
    SELECT wallet_id, sum(micro_usd) AS micro_usd, sum(charged) AS charged,
           max(journal_id) AS journal_id
    FROM charge GROUP BY 1
)
SELECT 'I12', identifier,
       format('exported %s micro-USD after journal %s, charged %s after journal %s', micro_usd,
              after_journal_id, owed, before)
    FROM owed WHERE micro_usd <> owed OR after_journal_id IS DISTINCT FROM before
UNION ALL
SELECT 'I14', format('wallet %s', plan.wallet_id),
       format('exported and carried %s up to journal %s, charged %s up to journal %s',
              coalesce(whole.micro_usd, 0) * 1000000 + plan.carry,
              coalesce(whole.journal_id, plan.since_journal_id),
              coalesce(whole.charged, 0), plan.journal_id)
    FROM motet_stripe_meterplan plan LEFT JOIN whole USING (wallet_id)
    WHERE coalesce(whole.micro_usd, 0) * 1000000 + plan.carry <> coalesce(whole.charged, 0)
       OR coalesce(whole.journal_id, plan.since_journal_id) <> plan.journal_id
ORDER BY 1, 2
"""
