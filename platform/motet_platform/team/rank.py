"""Nobody gives, changes or takes away a role that can do what they cannot. Pure."""

from __future__ import annotations

from collections.abc import Collection

from motet_platform.accounts.roles import SCOPES
from motet_platform.errors import PermissionDenied


def require_rank(granted: Collection[str], role: str) -> None:
    """PermissionDenied `role_above_yours` unless `granted` covers all that the role may do."""
    if not SCOPES[role] <= set(granted):
        raise PermissionDenied(
            f"The role {role} may do more than you may here.", code="role_above_yours", param="role"
        )
