"""An index of the journals that are no request's: few beside the captures, and cheap to keep."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    # Every capture writes a journal: none may wait until the index of all earlier ones is built.
    atomic = False

    dependencies = [("billing", "0004_clearing")]

    operations = [
        # What a build that was interrupted has left is of no use, and in the way.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS journal_moved", ""),
        AddIndexConcurrently(
            model_name="journal",
            index=models.Index(
                fields=["wallet", "created_at"], condition=~Q(kind="capture"), name="journal_moved"
            ),
        ),
    ]
