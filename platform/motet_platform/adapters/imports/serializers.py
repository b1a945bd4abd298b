"""What an import is asked for with. Nothing here is ever shown again."""

from __future__ import annotations

import re
from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from motet_platform.adapters.imports.source import HubSource, Source, UrlSource

_REPOSITORY = RegexValidator(
    r"\A[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9_][\w.-]{0,95}\Z",
    "Give owner/name.",
    flags=re.ASCII,
)
_PATH = RegexValidator(
    r"\A(?!.*(?:^|/)\.{1,2}(?:/|$))(?!/)(?!.*//)[^\x00-\x1f\x7f\\]+(?<!/)\Z",
    "Give a name or a path, without empty parts, . and ..",
)
_TOKEN = RegexValidator(r"\A[!-~]+\Z", "A token has no spaces and no letters beyond ASCII.")


class HubIn(serializers.Serializer[dict[str, Any]]):
    """A repository of the hub that this installation is set to."""

    repository = serializers.CharField(
        max_length=192, validators=[_REPOSITORY], help_text="owner/name"
    )
    revision = serializers.CharField(
        max_length=200, validators=[_PATH], default="main", help_text="A branch, tag or commit."
    )
    subfolder = serializers.CharField(
        max_length=500, validators=[_PATH], allow_blank=True, default=""
    )
    token = serializers.CharField(
        max_length=1000, validators=[_TOKEN], allow_null=True, default=None, write_only=True,
        help_text="For a private repository. Encrypted until the import has run, then forgotten.",
    )  # fmt: skip


class UrlsIn(serializers.Serializer[dict[str, Any]]):
    """Two https addresses, pre-signed or public."""

    adapter_config = serializers.CharField(max_length=8000, write_only=True)
    adapter_model = serializers.CharField(max_length=8000, write_only=True)


class ImportIn(serializers.Serializer[dict[str, Any]]):
    """Exactly one of the two."""

    hub = HubIn(required=False)
    urls = UrlsIn(required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if len(data) != 1:
            raise serializers.ValidationError("Give either `hub` or `urls`.")
        return data

    @property
    def asked(self) -> Source:
        data = self.validated_data
        if "hub" in data:
            return HubSource(**data["hub"])
        return UrlSource(data["urls"]["adapter_config"], data["urls"]["adapter_model"])


class ImportSourcesOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    hub = serializers.CharField(allow_null=True, help_text="Its address; null: switched off.")
    urls = serializers.BooleanField(help_text="Whether pre-signed and public URLs are taken.")
