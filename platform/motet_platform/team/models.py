"""Who else may act for an account: people who were asked to, and members that are no people."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from motet_platform.accounts.models import Account, Role


class ServiceAccount(models.Model):
    """A member that is no person: its keys outlive whoever made them. A deleted one stays as a
    row: usage points to its keys."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="service_accounts")
    name = models.CharField(max_length=64)
    description = models.CharField(max_length=500, blank=True)
    role = models.CharField(max_length=10, choices=Role, default=Role.DEVELOPER)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"], condition=Q(deleted_at=None), name="service_name_once"
            ),
            models.CheckConstraint(
                condition=Q(role__in=[r for r in Role.values if r != Role.OWNER]),
                name="service_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account.slug}: {self.name}"


class Invitation(models.Model):
    """A role that waits for whoever can read this e-mail. The link's token is a signature over the
    row's id (team.link): none is stored."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "email"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitation_open_once",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role"),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.account}"
