"""Tokens of signed-in members, and what their own use is booked on."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_roles"),
        ("keys", "0002_notify"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SessionToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("session_key", models.CharField(db_index=True, max_length=40)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="apikey",
            name="apikey_known_scopes",
        ),
        migrations.AddField(
            model_name="apikey",
            name="dashboard",
            field=models.BooleanField(db_default=False, default=False),
        ),
        # A key that could manage keys could see the members, which is a scope of its own now.
        migrations.RunSQL(
            """
            UPDATE keys_apikey SET scopes = scopes || '{team:read}'::text[]
             WHERE 'keys' = ANY(scopes)
            """,
            "UPDATE keys_apikey SET scopes = array_remove(scopes, 'team:read')",
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "scopes__contained_by",
                        [
                            "inference",
                            "adapters:read",
                            "adapters:write",
                            "keys",
                            "usage",
                            "billing",
                            "team:read",
                            "team:write",
                            "audit",
                        ],
                    )
                ),
                name="apikey_known_scopes",
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.UniqueConstraint(
                condition=models.Q(("dashboard", True)),
                fields=("account", "created_by"),
                name="apikey_one_dashboard_per_member",
            ),
        ),
        migrations.AddField(
            model_name="sessiontoken",
            name="key",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="tokens", to="keys.apikey"
            ),
        ),
        migrations.AddField(
            model_name="sessiontoken",
            name="membership",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tokens",
                to="accounts.membership",
            ),
        ),
    ]
