"""API keys. The secret itself is never stored: only its digest and its first characters."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models as db  # `models` is one of the columns
from django.utils import timezone

from motet_platform.accounts.models import Account
from motet_platform.keys import scopes


class ApiKey(db.Model):
    """A revoked or expired key stays as a row: usage points to it."""

    account = db.ForeignKey(Account, on_delete=db.PROTECT, related_name="keys")
    created_by = db.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=db.SET_NULL, null=True, blank=True, related_name="keys"
    )
    name = db.CharField(max_length=80)
    prefix = db.CharField(max_length=20)
    digest = db.BinaryField(max_length=32, unique=True)
    scopes = ArrayField(db.TextField())
    models = ArrayField(db.TextField(), null=True, blank=True)  # None: any model
    requests_per_minute = db.PositiveIntegerField(null=True, blank=True)
    tokens_per_minute = db.PositiveIntegerField(null=True, blank=True)
    expires_at = db.DateTimeField(null=True, blank=True)
    revoked_at = db.DateTimeField(null=True, blank=True)
    created_at = db.DateTimeField(default=timezone.now)
    last_used_at = db.DateTimeField(null=True, blank=True)  # coarse: to the minute

    class Meta:
        constraints = [
            db.CheckConstraint(
                condition=db.Q(scopes__contained_by=list(scopes.ALL)), name="apikey_known_scopes"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}... ({self.name})"
