"""What requests used and were charged, in picodollars: one row each, and their sums by hour."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from motet_platform.accounts.models import Account
from motet_platform.adapters.models import Version
from motet_platform.keys.models import ApiKey


class UsageRecord(models.Model):
    """Written once, by the ledger's own transaction (see metering.sink); the database refuses
    every change. Columns that no query looks by carry no index: a row is written per request.

    `cached_tokens` are part of `prompt_tokens`. `fault` names why a delivered token was not
    charged; empty when nothing went wrong.
    """

    request_id = models.TextField(primary_key=True)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="usage", db_index=False
    )
    key = models.ForeignKey(
        ApiKey, on_delete=models.PROTECT, null=True, related_name="usage", db_index=False
    )
    model = models.TextField()
    base = models.TextField()
    version = models.ForeignKey(
        Version, on_delete=models.PROTECT, null=True, related_name="usage", db_index=False
    )
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
    worker = models.TextField(default="", db_default="")
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
        indexes = [
            models.Index(fields=["account", "created_at"], name="usage_account_time"),
            models.Index(
                fields=["version"],
                condition=models.Q(version__isnull=False),
                name="usage_of_version",  # for the check when a failed upload is removed
            ),
        ]

    def __str__(self) -> str:
        return self.request_id


class UsageHour(models.Model):
    """The sums of the records of one hour (UTC) that agree in all else; always exact.

    Kept by the statement that writes the records (see metering.sink). A day is 24 of these.
    """

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="usage_hours", db_index=False
    )
    hour = models.DateTimeField()
    model = models.TextField()
    base = models.TextField()
    version = models.ForeignKey(
        Version, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    key = models.ForeignKey(
        ApiKey, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    worker = models.TextField(default="")
    requests = models.BigIntegerField()
    prompt_tokens = models.BigIntegerField()
    cached_tokens = models.BigIntegerField()
    completion_tokens = models.BigIntegerField()
    cost = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "hour", "model", "base", "version", "key", "worker"],
                name="usage_hour_once",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(
                fields=["version"],
                condition=models.Q(version__isnull=False),
                name="usage_hour_of_version",
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} at {self.hour:%Y-%m-%d %H}h"
