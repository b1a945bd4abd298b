"""What each role may do: the one table. Pure; the gateway reads it without Django."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from motet_platform.keys import scopes

OWNER: Final = "owner"
ADMIN: Final = "admin"
DEVELOPER: Final = "developer"
BILLING: Final = "billing"
VIEWER: Final = "viewer"

_SEES: Final = frozenset({scopes.ADAPTERS_READ, scopes.USAGE, scopes.TEAM_READ})

SCOPES: Final[Mapping[str, frozenset[str]]] = {
    OWNER: frozenset({*scopes.ALL, scopes.ACCOUNT, scopes.OWNER}),
    ADMIN: frozenset({*scopes.ALL, scopes.ACCOUNT}),
    DEVELOPER: _SEES | {scopes.INFERENCE, scopes.ADAPTERS_WRITE, scopes.KEYS},
    BILLING: _SEES | {scopes.BILLING},
    VIEWER: _SEES,
}


def member_scopes(role: str, *, staff: bool) -> frozenset[str]:
    """What a signed-in member may do; staff may also look after the whole installation."""
    granted = SCOPES[role]
    return granted | {scopes.OPERATOR} if staff else granted
