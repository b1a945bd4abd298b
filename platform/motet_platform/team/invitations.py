"""Changes to invitations."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from motet_platform.accounts.models import Account, Membership, User
from motet_platform.audit.services import audit
from motet_platform.errors import InvalidRequest, NotFound, PermissionDenied, RateLimited
from motet_platform.keys import scopes
from motet_platform.keys.authority import key_asking
from motet_platform.keys.models import ApiKey
from motet_platform.outbox.services import task_add
from motet_platform.team.link import id_in
from motet_platform.team.models import Invitation
from motet_platform.team.rank import require_rank

LIFE = timedelta(days=7)
MAX_A_DAY = 100  # per account: each is a mail to somebody who did not ask for one


def invitations_open(account: Account) -> QuerySet[Invitation]:
    """Those that can still be accepted, newest first."""
    return _open().filter(account=account).select_related("invited_by").order_by("-pk")


def invitations_for(user: User) -> QuerySet[Invitation]:
    """Open invitations to the e-mails that the person has verified."""
    emails = EmailAddress.objects.filter(user=user, verified=True).values("email")
    mine = _open().filter(email__in=emails).exclude(account__memberships__user=user)
    return mine.filter(account__deleted_at=None).select_related("account", "invited_by")


def invitation_create(
    *,
    account: Account,
    email: str,
    role: str,
    asked_by: ApiKey,
    invited_by: User | None = None,
) -> Invitation:
    """Invites by mail. An expired invitation to the same e-mail gives way.

    InvalidRequest `already_member`, `invitation_exists`; PermissionDenied; RateLimited.
    """
    email = email.strip().lower()
    now = timezone.now()
    with transaction.atomic():
        require_rank(key_asking(account, asked_by, scopes.TEAM_WRITE).scopes, role)
        if account.memberships.filter(user__email=email).exists():
            raise InvalidRequest(
                "This person is a member already.", code="already_member", param="email"
            )
        mine = Invitation.objects.filter(account=account)
        if mine.filter(created_at__gt=now - timedelta(days=1)).count() >= MAX_A_DAY:
            raise RateLimited(
                "Too many invitations today.", retry_after=3600, code="too_many_invitations"
            )
        stale = mine.filter(email=email, accepted_at=None, revoked_at=None)
        stale.filter(expires_at__lte=now).update(revoked_at=now)
        if stale.exists():
            raise InvalidRequest(
                "This person is invited already: delete that invitation to send another.",
                code="invitation_exists",
                param="email",
            )
        invitation = Invitation(
            account=account, email=email, role=role, invited_by=invited_by, expires_at=now + LIFE
        )
        invitation.full_clean()
        invitation.save()
        task_add(kind="team.invite", payload={"invitation": invitation.pk})
        audit(account, "invitation.create", email, after={"role": role})
    return invitation


def invitation_revoke(*, account: Account, invitation_id: int, asked_by: ApiKey) -> None:
    """NotFound, PermissionDenied."""
    with transaction.atomic():
        granted = key_asking(account, asked_by, scopes.TEAM_WRITE).scopes
        invitation = invitations_open(account).select_for_update(of=("self",))
        found = invitation.filter(pk=invitation_id).first()
        if found is None:
            raise NotFound("There is no such invitation.", code="invitation_not_found")
        require_rank(granted, found.role)
        found.revoked_at = timezone.now()
        found.save(update_fields=["revoked_at"])
        audit(account, "invitation.delete", found.email, before={"role": found.role})


def invitation_accept(*, token: str, user: User) -> Membership:
    """Makes the person a member, if one of their verified e-mails is the invited one.

    NotFound for what is unknown, used, revoked or expired alike; PermissionDenied
    `invitation_for_another`.
    """
    with transaction.atomic():
        invitation = _open().select_for_update().filter(pk=id_in(token) or 0).first()
        if invitation is None or invitation.account.deleted_at is not None:
            raise NotFound("This invitation is no longer open.", code="invitation_not_found")
        if not EmailAddress.objects.filter(
            user=user, verified=True, email=invitation.email
        ).exists():
            raise PermissionDenied(
                "This invitation is for another e-mail: sign in with that one.",
                code="invitation_for_another",
            )
        invitation.accepted_at = timezone.now()
        invitation.save(update_fields=["accepted_at"])
        membership, new = Membership.objects.get_or_create(
            account=invitation.account, user=user, defaults={"role": invitation.role}
        )
        if new:
            audit(invitation.account, "member.add", user.email, after={"role": invitation.role})
    return membership


def _open() -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
    )
