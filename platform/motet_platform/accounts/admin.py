"""People and accounts for staff. Accounts are made by `motet accounts create`, never by hand."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest

from motet_platform.accounts.admin_login import StaffLogin
from motet_platform.accounts.models import Account, Membership, User
from motet_platform.audit.actor import Actor, acting
from motet_platform.audit.models import ActorKind
from motet_platform.audit.services import audit

admin.site.login_form = StaffLogin


def _by(request: HttpRequest) -> AbstractContextManager[None]:
    return acting(Actor(ActorKind.OPERATOR, str(request.user)))


def _changed(account: Account, form: Any) -> dict[str, Any]:
    return {name: getattr(account, name) for name in form.changed_data}


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

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        with transaction.atomic(), _by(request):
            super().save_model(request, obj, form, change)
            if form.changed_data:
                audit(obj, "account.update", obj.slug, after=_changed(obj, form))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        with transaction.atomic(), _by(request):
            super().save_formset(request, form, formset, change)
            for member in formset.new_objects:
                audit(member.account, "member.add", member.user.email, after={"role": member.role})
            for member, fields in formset.changed_objects:
                after = {name: str(getattr(member, name)) for name in fields}
                audit(member.account, "member.update", member.user.email, after=after)
            for member in formset.deleted_objects:
                audit(member.account, "member.remove", member.user.email)

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
