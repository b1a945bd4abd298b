"""Base models that this installation serves. Only these have prices (billing's price book)."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

# No slash: `owner/name` is always an adapter.
NAME = RegexValidator(
    r"\A[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?\Z",
    "Use 1 to 64 lower-case letters, digits, dots, hyphens and underscores.",
    code="invalid_name",
)


class BaseModel(models.Model):
    """`config` is the model's Hugging Face config.json, which the adapter gate checks against."""

    name = models.CharField(max_length=64, unique=True, validators=[NAME])
    revision = models.CharField(max_length=80)
    config = models.JSONField()
    context_length = models.PositiveIntegerField()
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name
