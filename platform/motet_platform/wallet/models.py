"""What the platform keeps about an account's money beside the ledger itself."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from motet_platform.accounts.models import Account, User


class AlertSettings(models.Model):
    """Where alerts of an account go. Without a row: by mail to its owners and administrators."""

    account = models.OneToOneField(
        Account, on_delete=models.CASCADE, primary_key=True, related_name="alert_settings"
    )
    email = models.BooleanField(default=True)
    webhook_url = models.URLField(max_length=500, blank=True)
    generation = models.PositiveIntegerField(default=0)  # of the webhook's secret

    def __str__(self) -> str:
        return f"alerts of {self.account}"


class Adjustment(models.Model):
    """Credit given or taken by the operator's staff, with the reason. Written by `adjustments.py`.

    Positive gives credit of `lot_kind`, negative takes credit. Posted once, or refused.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        POSTED = "posted"
        REFUSED = "refused"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="adjustments")
    amount = models.BigIntegerField(help_text="Picodollars.")
    lot_kind = models.TextField(choices=[("promo", "promo"), ("paid", "paid")], default="promo")
    reason = models.TextField()
    once = models.TextField(null=True, help_text="A name under which the account gets it once.")
    state = models.TextField(choices=State, default=State.WAITING)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "once"], name="adjustment_once"),
            models.CheckConstraint(condition=~models.Q(amount=0), name="adjustment_not_zero"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="adjustment_has_reason"),
            models.CheckConstraint(
                condition=models.Q(state="waiting", decided_by=None, decided_at=None)
                | models.Q(state__in=["posted", "refused"], decided_at__isnull=False),
                name="adjustment_decided_once",
            ),
        ]

    def __str__(self) -> str:
        return f"adjustment {self.pk}"
