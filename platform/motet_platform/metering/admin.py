from __future__ import annotations

from django.contrib import admin

from motet_platform.api.admin import ReadOnlyAdmin
from motet_platform.metering.models import UsageRecord


@admin.register(UsageRecord)
class UsageRecordAdmin(ReadOnlyAdmin):
    list_display = [
        "request_id", "account", "model", "prompt_tokens", "completion_tokens", "cost", "fault",
        "created_at",
    ]  # fmt: skip
    search_fields = ["request_id", "account__slug", "model"]
    list_select_related = ["account"]
    show_full_result_count = False
