"""Entrances from the outbox."""

from __future__ import annotations

from typing import Any

from motet_platform.outbox.registry import OUTSIDE, handles
from motet_platform.team.mail import invitation_mail


@handles("team.invite", lane=OUTSIDE)
def invite(payload: dict[str, Any]) -> None:
    invitation_mail(invitation_id=payload["invitation"])
