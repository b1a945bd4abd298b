"""Service accounts and invitations for staff: to be seen; their owners change them."""

from __future__ import annotations

from django.contrib import admin

from motet_platform.api.admin import ReadOnlyAdmin
from motet_platform.team.models import Invitation, ServiceAccount


@admin.register(ServiceAccount)
class ServiceAccountAdmin(ReadOnlyAdmin):
    list_display = ["name", "account", "role", "created_at", "deleted_at"]
    search_fields = ["name", "account__slug"]
    list_select_related = ["account"]


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ["email", "account", "role", "created_at", "accepted_at", "revoked_at"]
    search_fields = ["email", "account__slug"]
    list_select_related = ["account"]
