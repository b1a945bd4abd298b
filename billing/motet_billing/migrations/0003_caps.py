"""Spend caps, and journals that take credit back."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0002_guards"),
    ]

    operations = [
        migrations.AddField(
            model_name="hold",
            name="subject",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AlterField(
            model_name="journal",
            name="kind",
            field=models.TextField(
                choices=[
                    ("grant", "Grant"),
                    ("capture", "Capture"),
                    ("expiry", "Expiry"),
                    ("adjustment", "Adjustment"),
                    ("refund", "Refund"),
                    ("dispute", "Dispute"),
                ]
            ),
        ),
        migrations.CreateModel(
            name="Cap",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.TextField(blank=True)),
                ("limit", models.BigIntegerField()),
                (
                    "period",
                    models.TextField(
                        choices=[
                            ("day", "day"),
                            ("week", "week"),
                            ("month", "month"),
                            ("none", "none"),
                        ]
                    ),
                ),
                ("window_start", models.DateTimeField()),
                ("spent", models.BigIntegerField(default=0)),
                ("reserved", models.BigIntegerField(default=0)),
                ("alerted", models.PositiveSmallIntegerField(default=0)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "wallet",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="caps",
                        to="billing.wallet",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CapAlert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("window_start", models.DateTimeField()),
                ("limit", models.BigIntegerField()),
                ("spent", models.BigIntegerField()),
                ("percent", models.PositiveSmallIntegerField()),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("told_at", models.DateTimeField(null=True)),
                (
                    "cap",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alerts",
                        to="billing.cap",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="cap",
            constraint=models.UniqueConstraint(
                fields=("wallet", "subject"), name="cap_one_per_subject"
            ),
        ),
        migrations.AddConstraint(
            model_name="cap",
            constraint=models.CheckConstraint(
                condition=models.Q(("limit__gte", 0), ("spent__gte", 0), ("reserved__gte", 0)),
                name="cap_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="cap",
            constraint=models.CheckConstraint(
                condition=models.Q(("period__in", ["day", "week", "month", "none"])),
                name="cap_period_known",
            ),
        ),
        migrations.AddIndex(
            model_name="capalert",
            index=models.Index(
                condition=models.Q(("told_at", None)), fields=["id"], name="alert_untold"
            ),
        ),
        migrations.AddConstraint(
            model_name="capalert",
            constraint=models.UniqueConstraint(
                fields=("cap", "window_start", "limit", "percent"), name="alert_once"
            ),
        ),
        # Room for the new version of a row, as for wallets: a cap changes with each of its holds.
        migrations.RunSQL(
            "ALTER TABLE billing_cap SET (fillfactor = 50)",
            "ALTER TABLE billing_cap RESET (fillfactor)",
        ),
    ]
