"""Work to be done after a transaction. The row is the truth; messages only make it faster."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Task(models.Model):
    """One piece of work. It runs at least once, so its handler must bear being run again.

    Due when neither `done_at` nor `failed_at` is set, `available_at` has passed, and nobody holds a
    lease on it. A lease is kept as long as the work goes on and ends by itself, so work whose
    process died comes back.
    """

    kind = models.CharField(max_length=64)
    payload = models.JSONField(default=dict)
    attempts = models.PositiveIntegerField(default=0)
    available_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["available_at"],
                condition=models.Q(done_at=None, failed_at=None),
                name="task_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class Periodic(models.Model):
    """When a periodic job last began, and until when it is somebody's: see turns.py."""

    name = models.CharField(max_length=64, primary_key=True)
    last_run_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
