"""Which scope a request needs. What no view names is denied."""

from __future__ import annotations

from typing import Any, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from motet_platform.errors import InvalidApiKey, MethodNotAllowed
from motet_platform.keys import scopes
from motet_platform.keys.authority import require_scope, require_unlimited
from motet_platform.keys.models import ApiKey


class HasScope(BasePermission):
    """Reads the view's `scopes`: method -> scope that the key must have."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.auth is None:
            raise InvalidApiKey
        needed = getattr(view, "scopes", {}).get(request.method)
        if needed is None:
            raise MethodNotAllowed
        key = cast(ApiKey, request.auth)
        if needed != scopes.ANY:
            require_scope(key, needed)
        if needed == scopes.TEAM_WRITE:
            require_unlimited(key)  # a member of its making would spend without its cap
        return True
