"""Keys for staff: to be seen, and revoked; never made, since only their owner may see a secret."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from motet_platform.audit.actor import Actor, acting
from motet_platform.audit.models import ActorKind
from motet_platform.keys.models import ApiKey
from motet_platform.keys.services import key_revoke


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    list_display = ["prefix", "account", "name", "expires_at", "revoked_at", "last_used_at"]
    search_fields = ["prefix", "account__slug", "name"]
    actions = ["revoke"]

    @admin.action(description="Revoke the selected keys")
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        with acting(Actor(ActorKind.OPERATOR, str(request.user))):
            for key in keys.filter(dashboard=False).select_related("account"):
                key_revoke(account=key.account, key_id=key.pk)
        # A member's dashboard is no key of the account, so that its owners see nothing of it.
        keys.filter(dashboard=True, revoked_at=None).update(revoked_at=timezone.now())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The list and its action need it; a single key's page stays read-only.
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
