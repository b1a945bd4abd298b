"""A new task wakes the poller with the transaction that asks for it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('motet_outbox', '');
    RETURN NULL;
END $$;
CREATE TRIGGER outbox_task_notify AFTER INSERT ON outbox_task
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_notify();
"""
BACKWARD = """
DROP TRIGGER outbox_task_notify ON outbox_task;
DROP FUNCTION outbox_notify();
"""


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
