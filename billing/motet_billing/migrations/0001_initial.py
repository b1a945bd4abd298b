import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PriceVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sku", models.TextField()),
                ("input", models.BigIntegerField()),
                ("cached_input", models.BigIntegerField()),
                ("output", models.BigIntegerField()),
                ("valid_from", models.DateTimeField()),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("sku", "valid_from"), name="price_one_per_instant"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("input__gte", 0), ("cached_input__gte", 0), ("output__gte", 0)
                        ),
                        name="price_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Wallet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("posted", models.BigIntegerField(default=0)),
                ("reserved", models.BigIntegerField(default=0)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="wallet",
                        to="accounts.account",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Lot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.TextField(choices=[("promo", "Promo"), ("paid", "Paid")])),
                ("amount", models.BigIntegerField()),
                ("remaining", models.BigIntegerField(default=0)),
                ("source_key", models.TextField(unique=True)),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "wallet",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lots",
                        to="billing.wallet",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Journal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.TextField(unique=True)),
                (
                    "kind",
                    models.TextField(
                        choices=[("grant", "Grant"), ("capture", "Capture"), ("expiry", "Expiry")]
                    ),
                ),
                ("memo", models.TextField(blank=True, default="")),
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
                        related_name="journals",
                        to="billing.wallet",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("request_id", models.TextField(primary_key=True, serialize=False)),
                ("amount", models.BigIntegerField()),
                ("captured", models.BigIntegerField(default=0)),
                ("checkpoint", models.JSONField(null=True)),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("held", "Held"),
                            ("captured", "Captured"),
                            ("released", "Released"),
                        ],
                        default="held",
                    ),
                ),
                ("owner", models.TextField()),
                ("lease_until", models.DateTimeField()),
                ("context", models.JSONField(default=dict)),
                ("fault", models.TextField(blank=True, default="")),
                (
                    "opened_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "price_version",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.priceversion",
                    ),
                ),
                (
                    "wallet",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="billing.wallet",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account", models.TextField()),
                ("amount", models.BigIntegerField()),
                (
                    "journal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="billing.journal",
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="billing.lot",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "entries",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True), name="entry_not_zero"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("account", "wallet"), ("lot__isnull", False)),
                            models.Q(
                                models.Q(("account", "wallet"), _negated=True),
                                ("lot__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="entry_wallet_names_its_lot",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="wallet",
            constraint=models.CheckConstraint(
                condition=models.Q(("posted__gte", models.F("reserved")), ("reserved__gte", 0)),
                name="wallet_posted_covers_reserved",
            ),
        ),
        migrations.AddIndex(
            model_name="lot",
            index=models.Index(
                condition=models.Q(("remaining__gt", 0)), fields=["wallet"], name="lot_open"
            ),
        ),
        migrations.AddIndex(
            model_name="lot",
            index=models.Index(
                condition=models.Q(("remaining__gt", 0)), fields=["expires_at"], name="lot_expiry"
            ),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount__gt", 0), ("remaining__gte", 0), ("remaining__lte", models.F("amount"))
                ),
                name="lot_remaining_within_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["promo", "paid"])), name="lot_kind_known"
            ),
        ),
        migrations.AddIndex(
            model_name="journal",
            index=models.Index(fields=["wallet", "-id"], name="journal_statement"),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(("state", "held")), fields=["wallet"], name="hold_open"
            ),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(("state", "held")), fields=["lease_until"], name="hold_lease"
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount__gt", 0), ("captured__gte", 0), ("captured__lte", models.F("amount"))
                ),
                name="hold_captured_within_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("captured", 0), ("closed_at", None), ("fault", ""), ("state", "held")
                    ),
                    models.Q(
                        ("captured__gt", 0), ("closed_at__isnull", False), ("state", "captured")
                    ),
                    models.Q(("captured", 0), ("closed_at__isnull", False), ("state", "released")),
                    _connector="OR",
                ),
                name="hold_one_terminal_state",
            ),
        ),
    ]
