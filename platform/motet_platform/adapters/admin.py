"""Adapters for staff: to be seen, not touched."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from motet_platform.adapters.models import Adapter, Version
from motet_platform.api.admin import ReadOnlyAdmin

SHOWN = ("number", "state", "digest", "rank", "size", "error_code", "created_at")


class VersionInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    model = Version
    fields = SHOWN
    readonly_fields = SHOWN
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Adapter)
class AdapterAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "base", "created_at", "deleted_at"]
    search_fields = ["name", "account__slug"]
    list_select_related = ["account", "base"]
    inlines = [VersionInline]
