"""Where a postpaid plan began, so that its exports can be added up from there."""

from django.db import migrations, models

BEGAN = """
UPDATE motet_stripe_meterplan plan SET since_journal_id = coalesce(
    (SELECT min(after_journal_id) FROM motet_stripe_meterexport e WHERE e.wallet_id = plan.wallet_id),
    plan.journal_id
)
"""


class Migration(migrations.Migration):
    dependencies = [("motet_stripe", "0001_initial")]

    operations = [
        migrations.AddField(
            "meterplan",
            "since_journal_id",
            models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.RunSQL(BEGAN, migrations.RunSQL.noop),
    ]
