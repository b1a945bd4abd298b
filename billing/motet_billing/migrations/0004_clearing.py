"""Credit that no payment brought leaves the payments' account.

Before, credit given by hand, a refund that failed and a dispute that was won were booked against
`payment_clearing`. Journals never change, so each of them gets another one that corrects it.
"""

from django.db import migrations

CORRECT = """
WITH wrong AS (
    SELECT journal.id, journal.key, journal.wallet_id, -entry.amount AS amount,
           CASE WHEN starts_with(journal.key, 'grant:stripe:refund-failed:') THEN 'refund_clearing'
                WHEN starts_with(journal.key, 'grant:stripe:') THEN 'dispute_clearing'
                ELSE 'adjustment' END AS account
    FROM billing_journal journal JOIN billing_entry entry ON entry.journal_id = journal.id
    WHERE entry.account = 'payment_clearing' AND (
        NOT starts_with(journal.key, 'grant:stripe:')
        OR journal.key ~ '^grant:stripe:(refund-failed:.*|.*:won)$'
    )
), journal AS (
    INSERT INTO billing_journal (key, wallet_id, kind, memo)
    SELECT 'correct:' || key, wallet_id, 'adjustment', 'booked to ' || account FROM wrong
    ORDER BY id
    RETURNING id, key
)
INSERT INTO billing_entry (journal_id, account, lot_id, amount)
SELECT journal.id, line.account, NULL, line.amount
FROM wrong JOIN journal ON journal.key = 'correct:' || wrong.key
CROSS JOIN LATERAL (
    VALUES ('payment_clearing', wrong.amount), (wrong.account, -wrong.amount)
) AS line (account, amount)
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_caps")]

    # Back again, the corrections stay: they are true.
    operations = [migrations.RunSQL(CORRECT, migrations.RunSQL.noop)]
