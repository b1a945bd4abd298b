"""Entrances from the outbox."""

from __future__ import annotations

from typing import Any

from motet_platform.adapters.files import staging
from motet_platform.adapters.storage import get_store
from motet_platform.adapters.validation import content_remove, version_validate
from motet_platform.outbox.registry import handles


@handles("adapter.validate")
def validate(payload: dict[str, Any]) -> None:
    version_validate(version_id=payload["version"])


@handles("adapter.remove_files")
def remove_files(payload: dict[str, Any]) -> None:
    content_remove(digest=payload["digest"])


@handles("adapter.remove_staging")
def remove_staging(payload: dict[str, Any]) -> None:
    get_store().remove(staging(payload["version"]))
