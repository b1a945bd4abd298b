"""Usage by the hour, and records that the database itself keeps from change."""

import django.db.models.deletion
from django.db import migrations, models

# The function came with the ledger. TRUNCATE is let through on test databases only.
GUARD = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON metering_usagerecord
    FOR EACH ROW EXECUTE FUNCTION billing_append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON metering_usagerecord
    FOR EACH STATEMENT EXECUTE FUNCTION billing_append_only();
"""
GUARD_UNDO = """
DROP TRIGGER append_only ON metering_usagerecord;
DROP TRIGGER append_only_truncate ON metering_usagerecord;
"""
BACKFILL = """
INSERT INTO metering_usagehour (
    account_id, hour, model, base, version_id, key_id, worker,
    requests, prompt_tokens, cached_tokens, completion_tokens, cost
)
SELECT account_id, date_trunc('hour', created_at, 'UTC'), model, base, version_id, key_id, worker,
       count(*), sum(prompt_tokens), sum(cached_tokens), sum(completion_tokens), sum(cost)
FROM metering_usagerecord GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
# Sums change with each batch: room on the page keeps that out of the index. And no index of text
# patterns, which no query could use.
STORAGE = """
ALTER TABLE metering_usagehour SET (fillfactor = 70);
DO $$
DECLARE
    pattern_index text;
BEGIN
    FOR pattern_index IN
        SELECT indexname FROM pg_indexes
        WHERE schemaname = current_schema() AND indexname LIKE '%\\_like'
          AND tablename = 'metering_usagerecord'
    LOOP
        EXECUTE format('DROP INDEX %I', pattern_index);
    END LOOP;
END $$;
"""
STORAGE_UNDO = "ALTER TABLE metering_usagehour RESET (fillfactor);"


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0002_guards"),
        ("accounts", "0001_initial"),
        ("adapters", "0002_notify"),
        ("keys", "0002_notify"),
        ("metering", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="UsageHour",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hour", models.DateTimeField()),
                ("model", models.TextField()),
                ("base", models.TextField()),
                ("worker", models.TextField(default="")),
                ("requests", models.BigIntegerField()),
                ("prompt_tokens", models.BigIntegerField()),
                ("cached_tokens", models.BigIntegerField()),
                ("completion_tokens", models.BigIntegerField()),
                ("cost", models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="usagerecord",
            name="worker",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AlterField(
            model_name="usagerecord",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="usage",
                to="accounts.account",
            ),
        ),
        migrations.AlterField(
            model_name="usagerecord",
            name="key",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="usage",
                to="keys.apikey",
            ),
        ),
        migrations.AlterField(
            model_name="usagerecord",
            name="version",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="usage",
                to="adapters.version",
            ),
        ),
        migrations.AddIndex(
            model_name="usagerecord",
            index=models.Index(
                condition=models.Q(("version__isnull", False)),
                fields=["version"],
                name="usage_of_version",
            ),
        ),
        migrations.AddField(
            model_name="usagehour",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="usage_hours",
                to="accounts.account",
            ),
        ),
        migrations.AddField(
            model_name="usagehour",
            name="key",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="keys.apikey",
            ),
        ),
        migrations.AddField(
            model_name="usagehour",
            name="version",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="adapters.version",
            ),
        ),
        migrations.AddIndex(
            model_name="usagehour",
            index=models.Index(
                condition=models.Q(("version__isnull", False)),
                fields=["version"],
                name="usage_hour_of_version",
            ),
        ),
        migrations.AddConstraint(
            model_name="usagehour",
            constraint=models.UniqueConstraint(
                fields=("account", "hour", "model", "base", "version", "key", "worker"),
                name="usage_hour_once",
                nulls_distinct=False,
            ),
        ),
        migrations.RunSQL(GUARD, GUARD_UNDO),
        migrations.RunSQL(STORAGE, STORAGE_UNDO),
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
    ]
