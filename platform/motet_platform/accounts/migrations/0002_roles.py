"""Five roles in place of three; what an account may set; the sign-up credit, once per person."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="membership",
            name="membership_role",
        ),
        migrations.AddField(
            model_name="account",
            name="deleted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="account",
            name="retention_days",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="signup_credit_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(
                choices=[
                    ("owner", "Owner"),
                    ("admin", "Admin"),
                    ("developer", "Developer"),
                    ("billing", "Billing"),
                    ("viewer", "Viewer"),
                ],
                default="developer",
                max_length=10,
            ),
        ),
        # `member` could do what `developer` can; the credit went to whoever is in an account now.
        migrations.RunSQL(
            """
            UPDATE accounts_membership SET role = 'developer' WHERE role = 'member';
            UPDATE accounts_user u SET signup_credit_at = u.created_at
             WHERE EXISTS (SELECT FROM accounts_membership m WHERE m.user_id = u.id)
            """,
            """
            UPDATE accounts_membership SET role = 'member'
             WHERE role IN ('developer', 'billing', 'viewer')
            """,
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("role__in", ["owner", "admin", "developer", "billing", "viewer"])
                ),
                name="membership_role",
            ),
        ),
    ]
