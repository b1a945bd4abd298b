"""API keys. The secret itself is never stored: only its digest and its first characters."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models as db  # `models` is one of the columns
from django.utils import timezone

from motet_platform.accounts.models import Account, Membership
from motet_platform.keys import scopes
from motet_platform.team.models import ServiceAccount


class ApiKey(db.Model):
    """A revoked or expired key stays as a row: usage points to it.

    `dashboard`: not a key that anybody has, but what a member's own use of the dashboard is booked
    on, one per member of an account. Its digest is of nothing, and its scopes are the role's.
    """

    account = db.ForeignKey(Account, on_delete=db.PROTECT, related_name="keys")
    created_by = db.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=db.SET_NULL, null=True, blank=True, related_name="keys"
    )
    service_account = db.ForeignKey(
        ServiceAccount, on_delete=db.PROTECT, null=True, blank=True, related_name="keys"
    )
    name = db.CharField(max_length=80)
    prefix = db.CharField(max_length=20)
    digest = db.BinaryField(max_length=32, unique=True)
    scopes = ArrayField(db.TextField())
    models = ArrayField(db.TextField(), null=True, blank=True)  # None: any model
    requests_per_minute = db.PositiveIntegerField(null=True, blank=True)
    tokens_per_minute = db.PositiveIntegerField(null=True, blank=True)
    dashboard = db.BooleanField(default=False, db_default=False)
    expires_at = db.DateTimeField(null=True, blank=True)
    revoked_at = db.DateTimeField(null=True, blank=True)
    created_at = db.DateTimeField(default=timezone.now)
    last_used_at = db.DateTimeField(null=True, blank=True)  # coarse: to the minute

    class Meta:
        constraints = [
            db.CheckConstraint(
                condition=db.Q(scopes__contained_by=list(scopes.ALL)), name="apikey_known_scopes"
            ),
            db.UniqueConstraint(
                fields=["account", "created_by"],
                condition=db.Q(dashboard=True),
                name="apikey_one_dashboard_per_member",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}... ({self.name})"


class SessionToken(db.Model):
    """A short-lived Bearer for somebody who is signed in. It ends with the sign-in session, with
    the membership and with a new password: triggers of the database see to that."""

    digest = db.BinaryField(max_length=32, unique=True)
    membership = db.ForeignKey(Membership, on_delete=db.CASCADE, related_name="tokens")
    key = db.ForeignKey(ApiKey, on_delete=db.CASCADE, related_name="tokens")
    session_key = db.CharField(max_length=40, db_index=True)
    created_at = db.DateTimeField(default=timezone.now)
    expires_at = db.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"token of {self.membership}"
