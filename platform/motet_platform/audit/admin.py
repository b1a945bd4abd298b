from __future__ import annotations

from django.contrib import admin

from motet_platform.api.admin import ReadOnlyAdmin
from motet_platform.audit.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "account", "actor_kind", "actor", "action", "target", "ip"]
    list_filter = ["action"]
    search_fields = ["account__slug", "actor", "target"]
    list_select_related = ["account"]
    show_full_result_count = False
