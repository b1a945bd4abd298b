from __future__ import annotations

from django.contrib import admin

from motet_platform.catalog.models import BaseModel


@admin.register(BaseModel)
class BaseModelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Registered by `motet models add`; here they can be switched off and on."""

    list_display = ["name", "revision", "context_length", "active"]
    readonly_fields = ["name", "revision", "config", "context_length", "created_at"]
