"""One row per request that did work: what it used and what it was charged, in picodollars."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from motet_platform.accounts.models import Account
from motet_platform.adapters.models import Version
from motet_platform.keys.models import ApiKey


class UsageRecord(models.Model):
    """Written once, by the ledger's own transaction (see metering.sink); never changed.

    `cached_tokens` are part of `prompt_tokens`. `fault` names why a delivered token was not
    charged; empty when nothing went wrong.
    """

    request_id = models.TextField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="usage")
    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="usage")
    model = models.TextField()
    base = models.TextField()
    version = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="usage")
    digest = models.TextField(default="")
    endpoint = models.TextField()
    status = models.PositiveSmallIntegerField()
    finish_reason = models.TextField(default="")
    streamed = models.BooleanField()
    prompt_tokens = models.PositiveIntegerField()
    cached_tokens = models.PositiveIntegerField()
    completion_tokens = models.PositiveIntegerField()
    price_version_id = models.BigIntegerField()
    cost = models.BigIntegerField()
    fault = models.TextField(default="")
    ttft_ms = models.PositiveIntegerField(null=True)
    duration_ms = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(cost__gte=0), name="usage_cost_not_negative"),
            models.CheckConstraint(
                condition=models.Q(cached_tokens__lte=models.F("prompt_tokens")),
                name="usage_cached_within_prompt",
            ),
        ]
        indexes = [models.Index(fields=["account", "created_at"], name="usage_account_time")]

    def __str__(self) -> str:
        return self.request_id
