"""Who changed what in an account. Written with the change, and never altered (a trigger sees to
that), so people and keys stand here by name and not by reference."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from motet_platform.accounts.models import Account


class ActorKind(models.TextChoices):
    MEMBER = "member"
    KEY = "key"
    SERVICE_ACCOUNT = "service_account"
    OPERATOR = "operator"
    SYSTEM = "system"


class AuditEntry(models.Model):
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="audit_entries")
    actor_kind = models.CharField(max_length=16, choices=ActorKind)
    actor = models.TextField()  # an e-mail, a key's prefix, a service account's name
    action = models.TextField()  # noun.verb
    target = models.TextField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    ip = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["account", "-id"], name="audit_account_newest")]

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.target}"
