"""The mail that invites."""

from __future__ import annotations

from django.core.mail import send_mail
from django.utils import timezone

from motet_platform.config import get_config
from motet_platform.team.link import token_of
from motet_platform.team.models import Invitation

_TEXT = """\
{who} invites you to the account "{account}" on Motet, as {role}.

Accept here, signed in with this e-mail address:

{url}

The invitation is open until {until:%d %B %Y}. If it means nothing to you, do nothing.
"""


def invitation_mail(*, invitation_id: int) -> None:
    """Sends the link, unless the invitation has been used or withdrawn meanwhile."""
    invitation = (
        Invitation.objects.select_related("account", "invited_by")
        .filter(pk=invitation_id, accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())
        .first()
    )
    if invitation is None:
        return
    text = _TEXT.format(
        who=invitation.invited_by.email if invitation.invited_by else "Somebody",
        account=invitation.account.name,
        role=invitation.role,
        url=f"{get_config().public_url}/invitations/{token_of(invitation.pk)}",
        until=invitation.expires_at,
    )
    # A name may hold anything that a person typed; a header may not.
    name = " ".join(invitation.account.name.split())
    send_mail(f"Join {name} on Motet", text, None, [invitation.email])
