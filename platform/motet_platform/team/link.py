"""The token in an invitation's link: the invitation's id, signed."""

from __future__ import annotations

from django.core import signing

_SALT = "motet.invitation"


def token_of(invitation_id: int) -> str:
    return signing.dumps(invitation_id, salt=_SALT)


def id_in(token: str) -> int | None:
    """None for what was not signed here."""
    try:
        value = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    return value if isinstance(value, int) else None
