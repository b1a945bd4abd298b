"""What the database itself refuses, whoever asks.

- Journal, Entry and PriceVersion only grow. TRUNCATE is refused too, but for databases named
  `test_...`, which Django's test runner empties that way.
- A journal balances, and is not empty, whenever a transaction that wrote to it commits.
- A hold that has ended stays as it is, and a checkpoint never claims more than was held.
"""

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION billing_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_database() LIKE 'test\\_%' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
APPEND_ONLY_UNDO = "DROP FUNCTION billing_append_only();"

GUARDED = ["billing_journal", "billing_entry", "billing_priceversion"]
GUARD = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION billing_append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION billing_append_only();
"""
GUARD_UNDO = """
DROP TRIGGER append_only ON {table};
DROP TRIGGER append_only_truncate ON {table};
"""

# Deferred, so that a journal and its entries may come in several statements of one transaction.
# On the journal too: one without entries would bring no entry's trigger.
BALANCED = """
CREATE FUNCTION billing_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    journal bigint;
    lines bigint;
    total numeric;
BEGIN
    IF TG_TABLE_NAME = 'billing_journal' THEN
        journal := NEW.id;
    ELSE
        journal := NEW.journal_id;
    END IF;
    SELECT count(*), coalesce(sum(amount), 0) INTO lines, total
        FROM billing_entry WHERE journal_id = journal;
    IF lines < 2 OR total <> 0 THEN
        RAISE EXCEPTION 'journal % has % entries that sum to %', journal, lines, total
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON billing_journal
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION billing_balanced();
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON billing_entry
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION billing_balanced();
"""
BALANCED_UNDO = """
DROP TRIGGER balanced ON billing_entry;
DROP TRIGGER balanced ON billing_journal;
DROP FUNCTION billing_balanced();
"""

HOLD_ENDS_ONCE = """
CREATE FUNCTION billing_hold_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'hold % is % and stays so', OLD.request_id, OLD.state
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER ends_once BEFORE UPDATE ON billing_hold
    FOR EACH ROW WHEN (OLD.state <> 'held') EXECUTE FUNCTION billing_hold_closed();
ALTER TABLE billing_hold ADD CONSTRAINT hold_checkpoint_within_amount
    CHECK (checkpoint IS NULL OR (checkpoint->>'cost')::bigint BETWEEN 0 AND amount);
"""
HOLD_ENDS_ONCE_UNDO = """
ALTER TABLE billing_hold DROP CONSTRAINT hold_checkpoint_within_amount;
DROP TRIGGER ends_once ON billing_hold;
DROP FUNCTION billing_hold_closed();
"""

# Room on each page for the new version of a row, so that an update touches no index; and without
# the pattern indexes that Django adds to unique text, which no query here can use.
STORAGE = """
ALTER TABLE billing_wallet SET (fillfactor = 50);
ALTER TABLE billing_lot SET (fillfactor = 70);
ALTER TABLE billing_hold SET (fillfactor = 70);
DO $$
DECLARE
    pattern_index text;
BEGIN
    FOR pattern_index IN
        SELECT indexname FROM pg_indexes
        WHERE schemaname = current_schema() AND indexname LIKE '%\\_like'
          AND tablename IN ('billing_hold', 'billing_journal', 'billing_lot')
    LOOP
        EXECUTE format('DROP INDEX %I', pattern_index);
    END LOOP;
END $$;
"""
STORAGE_UNDO = """
ALTER TABLE billing_wallet RESET (fillfactor);
ALTER TABLE billing_lot RESET (fillfactor);
ALTER TABLE billing_hold RESET (fillfactor);
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        migrations.RunSQL(APPEND_ONLY, APPEND_ONLY_UNDO),
        *[
            migrations.RunSQL(GUARD.format(table=table), GUARD_UNDO.format(table=table))
            for table in GUARDED
        ],
        migrations.RunSQL(BALANCED, BALANCED_UNDO),
        migrations.RunSQL(HOLD_ENDS_ONCE, HOLD_ENDS_ONCE_UNDO),
        migrations.RunSQL(STORAGE, STORAGE_UNDO),
    ]
