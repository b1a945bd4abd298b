"""People and accounts for staff. Accounts are made by `motet accounts create`, never by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from motet_platform.accounts.admin_login import StaffLogin
from motet_platform.accounts.models import Account, Membership, User

admin.site.login_form = StaffLogin


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    model = Membership
    extra = 0
    autocomplete_fields = ["user"]


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    list_display = ["slug", "name", "suspended_at", "created_at"]
    search_fields = ["slug", "name"]
    readonly_fields = ["slug", "created_at"]
    inlines = [MembershipInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # an account without a wallet would be refused everywhere

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # money and usage point to it


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    list_display = ["email", "name", "is_staff", "is_active", "last_login"]
    search_fields = ["email", "name"]
    fields = ["email", "name", "is_active", "is_staff", "is_superuser", "last_login", "created_at"]
    readonly_fields = ["last_login", "created_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
