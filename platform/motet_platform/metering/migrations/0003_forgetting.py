"""A record goes when its account's retention is over, and for no other reason."""

from django.db import migrations

GUARD = """
CREATE FUNCTION metering_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT FROM accounts_account
        WHERE id = OLD.account_id AND OLD.created_at < now() - make_interval(days => retention_days)
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
DROP TRIGGER append_only ON metering_usagerecord;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON metering_usagerecord
    FOR EACH ROW EXECUTE FUNCTION metering_append_only();
"""
GUARD_UNDO = """
DROP TRIGGER append_only ON metering_usagerecord;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON metering_usagerecord
    FOR EACH ROW EXECUTE FUNCTION billing_append_only();
DROP FUNCTION metering_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_roles"), ("metering", "0002_hours")]

    operations = [migrations.RunSQL(GUARD, GUARD_UNDO)]
