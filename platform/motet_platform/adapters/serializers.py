"""What the adapter addresses take and show."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from motet_platform.adapters.aliases import MAX_TARGETS
from motet_platform.adapters.models import (
    NAME,
    Adapter,
    Alias,
    Import,
    State,
    UploadPart,
    Version,
)

_SHA256 = RegexValidator(r"\A[0-9a-f]{64}\Z", "64 lower-case hexadecimal digits.")


class AdapterIn(serializers.Serializer[dict[str, Any]]):
    name = serializers.CharField(max_length=64, validators=[NAME])
    base_model = serializers.CharField(max_length=64)
    description = serializers.CharField(max_length=500, allow_blank=True, default="")


class DeclaredIn(serializers.Serializer[dict[str, Any]]):
    size = serializers.IntegerField(min_value=1, max_value=2**62)
    sha256 = serializers.CharField(validators=[_SHA256])


class UploadIn(serializers.Serializer[dict[str, Any]]):
    """The resumable form: what will be sent."""

    adapter_config = DeclaredIn()
    adapter_model = DeclaredIn()


class FilesIn(serializers.Serializer[dict[str, Any]]):
    """The multipart form."""

    adapter_config = serializers.FileField()
    adapter_model = serializers.FileField()


class PartOut(serializers.ModelSerializer[UploadPart]):
    class Meta:
        model = UploadPart
        fields = ["part", "size", "received"]
        read_only_fields = fields


class ErrorOut(serializers.Serializer[dict[str, Any]]):
    code = serializers.CharField()
    message = serializers.CharField()


class FactsOut(serializers.Serializer[dict[str, Any]]):
    """What the gate found in an adapter; empty until it has passed."""

    rank = serializers.IntegerField(required=False)
    targets = serializers.ListField(child=serializers.CharField(), required=False)
    layers = serializers.IntegerField(required=False)
    parameters = serializers.IntegerField(required=False)
    dtypes = serializers.ListField(child=serializers.CharField(), required=False)
    alpha = serializers.FloatField(required=False)
    rslora = serializers.BooleanField(required=False)
    trained_on = serializers.CharField(required=False, allow_null=True)
    model_sha256 = serializers.CharField(required=False)


class ImportedFromOut(serializers.ModelSerializer[Import]):
    """From where a version was imported, and how far that is. No token and no URL."""

    commit = serializers.SerializerMethodField()
    total = serializers.IntegerField(
        allow_null=True, help_text="Bytes of both files, once the source has told."
    )

    class Meta:
        model = Import
        fields = [
            "kind", "host", "repository", "revision", "subfolder", "commit", "received", "total",
        ]  # fmt: skip
        read_only_fields = fields

    def get_commit(self, row: Import) -> str | None:
        return row.commit or None


class VersionOut(serializers.ModelSerializer[Version]):
    object = serializers.SerializerMethodField()
    version = serializers.IntegerField(source="number")
    model = serializers.SerializerMethodField()
    digest = serializers.SerializerMethodField()
    details = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    parts = PartOut(many=True, help_text="Progress of a resumable upload.")
    imported_from = serializers.SerializerMethodField()

    class Meta:
        model = Version
        fields = [
            "object", "version", "model", "state", "digest", "rank", "size", "details", "error",
            "parts", "imported_from", "created_at", "ready_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_object(self, version: Version) -> str:
        return "adapter.version"

    def get_model(self, version: Version) -> str:
        return f"{self.context['model']}@{version.number}"

    def get_digest(self, version: Version) -> str | None:
        return version.digest or None

    @extend_schema_field(FactsOut)
    def get_details(self, version: Version) -> Any:
        return version.details

    @extend_schema_field(ErrorOut(allow_null=True))
    def get_error(self, version: Version) -> dict[str, str] | None:
        if version.state != State.REJECTED:
            return None
        return {"code": version.error_code, "message": version.error_message}

    @extend_schema_field(ImportedFromOut(allow_null=True))
    def get_imported_from(self, version: Version) -> dict[str, Any] | None:
        row = getattr(version, "imported", None)  # Django's error for none is an AttributeError
        return None if row is None else dict(ImportedFromOut(row).data)


class TargetOut(serializers.Serializer[dict[str, Any]]):
    version = serializers.IntegerField()
    weight = serializers.IntegerField()


class AliasOut(serializers.ModelSerializer[Alias]):
    object = serializers.SerializerMethodField()
    alias = serializers.CharField(source="name")
    model = serializers.SerializerMethodField()
    targets = serializers.SerializerMethodField()
    follows_newest = serializers.SerializerMethodField()

    class Meta:
        model = Alias
        fields = ["object", "alias", "model", "targets", "follows_newest", "updated_at"]
        read_only_fields = fields

    def get_object(self, alias: Alias) -> str:
        return "adapter.alias"

    def get_model(self, alias: Alias) -> str:
        return f"{self.context['model']}:{alias.name}"

    @extend_schema_field(TargetOut(many=True))
    def get_targets(self, alias: Alias) -> list[dict[str, int]]:
        return [
            {"version": target.version.number, "weight": target.weight}
            for target in alias.targets.all()
        ]

    def get_follows_newest(self, alias: Alias) -> bool:
        follows: bool = alias.name == "default" and self.context["follows"]
        return follows


class AdapterOut(serializers.ModelSerializer[Adapter]):
    object = serializers.SerializerMethodField()
    model = serializers.SerializerMethodField()
    base_model = serializers.CharField(source="base.name")
    version_count = serializers.SerializerMethodField()
    versions = serializers.SerializerMethodField(help_text="In lists the newest 20.")
    aliases = serializers.SerializerMethodField()

    class Meta:
        model = Adapter
        fields = [
            "object", "name", "model", "base_model", "description", "version_count", "versions",
            "aliases", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_object(self, adapter: Adapter) -> str:
        return "adapter"

    def get_model(self, adapter: Adapter) -> str:
        return str(adapter)

    def get_version_count(self, adapter: Adapter) -> int:
        return int(getattr(adapter, "num_versions", 0))

    @extend_schema_field(VersionOut(many=True))
    def get_versions(self, adapter: Adapter) -> list[dict[str, Any]]:
        return [show_version(version, adapter) for version in getattr(adapter, "shown", [])]

    @extend_schema_field(AliasOut(many=True))
    def get_aliases(self, adapter: Adapter) -> list[dict[str, Any]]:
        return [show_alias(alias, adapter) for alias in adapter.aliases.all()]


class TargetIn(serializers.Serializer[dict[str, Any]]):
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    weight = serializers.IntegerField(min_value=1, max_value=10_000, default=1)


class AliasIn(serializers.Serializer[dict[str, Any]]):
    targets = serializers.ListField(child=TargetIn(), min_length=1, max_length=MAX_TARGETS)

    def validate_targets(self, targets: list[dict[str, int]]) -> list[dict[str, int]]:
        if len({target["version"] for target in targets}) != len(targets):
            raise serializers.ValidationError("Name each version once.")
        return targets


class AdapterPageOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = AdapterOut(many=True)  # type: ignore[assignment]
    has_more = serializers.BooleanField()
    next = serializers.CharField(allow_null=True)


class VersionListOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = VersionOut(many=True)  # type: ignore[assignment]


class AliasListOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = AliasOut(many=True)  # type: ignore[assignment]


def show_version(version: Version, adapter: Adapter) -> dict[str, Any]:
    return dict(VersionOut(version, context={"model": str(adapter)}).data)


def show_alias(alias: Alias, adapter: Adapter) -> dict[str, Any]:
    context = {"model": str(adapter), "follows": adapter.default_follows}
    return dict(AliasOut(alias, context=context).data)
