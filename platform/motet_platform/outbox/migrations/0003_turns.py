"""A periodic job is somebody's while it runs; a task that ends makes room, and wakes the poller."""

from django.db import migrations, models

FORWARD = """
DROP TRIGGER outbox_task_notify ON outbox_task;
CREATE TRIGGER outbox_task_notify
    AFTER INSERT OR UPDATE OF done_at, failed_at, available_at ON outbox_task
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_notify();
"""
BACKWARD = """
DROP TRIGGER outbox_task_notify ON outbox_task;
CREATE TRIGGER outbox_task_notify AFTER INSERT ON outbox_task
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_notify();
"""


class Migration(migrations.Migration):
    dependencies = [("outbox", "0002_notify")]
    operations = [
        migrations.AddField(
            model_name="periodic",
            name="lease_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
