"""An index of the journals that are no request's: few beside the captures, and cheap to keep."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_clearing")]

    operations = [
        migrations.AddIndex(
            model_name="journal",
            index=models.Index(
                fields=["wallet", "created_at"], condition=~Q(kind="capture"), name="journal_moved"
            ),
        ),
    ]
