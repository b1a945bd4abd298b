"""The token in an invitation's link: the invitation's id, signed."""

from __future__ import annotations

from django.core.signing import BadSignature, Signer

_SIGNER = Signer(salt="motet.invitation")


def token_of(invitation_id: int) -> str:
    """The same for an invitation each time."""
    return _SIGNER.sign(str(invitation_id))


def id_in(token: str) -> int | None:
    """None for what was not signed here."""
    try:
        return int(_SIGNER.unsign(token))
    except BadSignature:
        return None
