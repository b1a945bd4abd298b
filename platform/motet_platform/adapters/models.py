"""Adapters, their immutable versions, the aliases that point to versions, and what is on its way.

A bare name means the alias `default`: a row like any other, which follows the newest ready version
until it is set by hand (`Adapter.default_follows`).
"""

from __future__ import annotations

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from motet_platform.accounts.models import Account
from motet_platform.catalog.models import BaseModel

NAME = RegexValidator(
    r"\A[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?\Z",
    "Use 1 to 64 lower-case letters, digits, dots, hyphens and underscores.",
    code="invalid_name",
)
ALIAS = RegexValidator(
    r"\A[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?\Z",
    "Use 1 to 32 lower-case letters, digits and inner hyphens, starting with a letter.",
    code="invalid_alias",
)


class Adapter(models.Model):
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="adapters")
    name = models.CharField(max_length=64, validators=[NAME])
    base = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="adapters")
    description = models.CharField(max_length=500, blank=True)
    default_follows = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"], condition=Q(deleted_at=None), name="adapter_name_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account.slug}/{self.name}"


class State(models.TextChoices):
    UPLOADING = "uploading"
    VALIDATING = "validating"
    READY = "ready"
    REJECTED = "rejected"
    DELETED = "deleted"


class Version(models.Model):
    """One immutable pair of files: `digest` is its identity, `uri` the folder workers pull from."""

    adapter = models.ForeignKey(Adapter, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADING)
    digest = models.CharField(max_length=64, blank=True)
    uri = models.TextField(blank=True)
    rank = models.PositiveIntegerField(null=True, blank=True)
    size = models.PositiveBigIntegerField(null=True, blank=True)
    details = models.JSONField(default=dict, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    ready_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["adapter", "number"], name="version_number_once"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="version_state"),
            models.CheckConstraint(
                condition=~Q(state=State.READY) | (~Q(digest="") & ~Q(uri="") & Q(rank__gt=0)),
                name="version_ready_is_complete",
            ),
        ]
        indexes = [models.Index(fields=["digest"], name="version_digest")]

    def __str__(self) -> str:
        return f"{self.adapter}@{self.number}"


class Alias(models.Model):
    adapter = models.ForeignKey(Adapter, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=32, validators=[ALIAS])
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["adapter", "name"], name="alias_name_once")]

    def __str__(self) -> str:
        return f"{self.adapter}:{self.name}"


class AliasTarget(models.Model):
    """A share of an alias's traffic: weight out of the sum of the alias's weights."""

    alias = models.ForeignKey(Alias, on_delete=models.CASCADE, related_name="targets")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    weight = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alias", "version"], name="aliastarget_once"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="aliastarget_weight"),
        ]

    def __str__(self) -> str:
        return f"{self.alias} -> @{self.version.number} x {self.weight}"


class Part(models.TextChoices):
    """The only two files an adapter consists of; the value is the multipart field's name."""

    CONFIG = "adapter_config"
    MODEL = "adapter_model"


class UploadPart(models.Model):
    """One file of a resumable upload: what was declared, and how much of it has arrived.

    `chunks` are the sizes of the pieces in their order; each lies in the store by itself.
    """

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="parts")
    part = models.CharField(max_length=20, choices=Part)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    received = models.PositiveBigIntegerField(default=0)
    chunks = models.JSONField(default=list, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "part"], name="uploadpart_once"),
            models.CheckConstraint(
                condition=Q(received__lte=models.F("size")), name="uploadpart_not_beyond_size"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.part}"


class Origin(models.TextChoices):
    HUB = "hub"
    URLS = "urls"


class Import(models.Model):
    """A version's two files come, or came, from elsewhere: from where, and how far they are.

    Waits while neither `lease_until` nor `ended_at` is set; runs while the lease is renewed.
    `secret` is encrypted (a hub's token, pre-signed URLs) and emptied at the end, whichever it is.
    """

    version = models.OneToOneField(Version, on_delete=models.CASCADE, related_name="imported")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=4, choices=Origin)
    host = models.CharField(max_length=255)
    repository = models.CharField(max_length=200, blank=True)
    revision = models.CharField(max_length=200, blank=True)
    subfolder = models.CharField(max_length=500, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    secret = models.TextField(blank=True)
    received = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=Origin.values), name="import_kind"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(secret=""), name="import_ended_without_secret"
            ),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(ended_at=None), name="import_under_way")]

    def __str__(self) -> str:
        return f"{self.version} from {self.host}"
