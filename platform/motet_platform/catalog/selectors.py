"""Reads of the catalog."""

from __future__ import annotations

from django.db.models import QuerySet

from motet_platform.catalog.models import BaseModel
from motet_platform.errors import ModelNotFound


def bases_active() -> QuerySet[BaseModel]:
    return BaseModel.objects.filter(active=True).order_by("name")


def base_get(name: str) -> BaseModel:
    """An active base model; ModelNotFound."""
    base = bases_active().filter(name=name).first()
    if base is None:
        raise ModelNotFound(name)
    return base
