"""The short-lived Bearer that a dashboard session is exchanged for."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from motet_platform.accounts.models import Membership
from motet_platform.accounts.roles import member_scopes
from motet_platform.errors import PermissionDenied
from motet_platform.keys import secret
from motet_platform.keys.models import ApiKey, SessionToken

LIFE = timedelta(minutes=10)
MAX_PER_SESSION = 50


@dataclass(frozen=True)
class NewToken:
    """`secret` exists only here: the table holds its digest."""

    secret: str
    expires_at: datetime


def token_issue(*, membership: Membership, session_key: str) -> NewToken:
    """A token that acts for this member until LIFE or the session ends.

    PermissionDenied `dashboard_revoked` where staff have revoked the member's dashboard.
    """
    fresh = secret.new_secret(secret.SESSION_PREFIX)
    expires_at = timezone.now() + LIFE
    with transaction.atomic():
        key = _dashboard_key(membership)
        if key.revoked_at is not None:
            raise PermissionDenied("Your access was revoked.", code="dashboard_revoked")
        mine = SessionToken.objects.filter(session_key=session_key).order_by("-created_at")
        crowded = list(mine.values_list("pk", flat=True)[MAX_PER_SESSION - 1 :])
        SessionToken.objects.filter(pk__in=crowded).delete()
        SessionToken.objects.create(
            digest=secret.digest(fresh),
            membership=membership,
            key=key,
            session_key=session_key,
            expires_at=expires_at,
        )
    return NewToken(fresh, expires_at)


def token_key(digest: bytes) -> ApiKey | None:
    """The member's dashboard key with the scopes that their role has now; None for a token that
    is unknown, has expired, or whose session has ended. Never save this object's scopes."""
    now = timezone.now()
    session = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=now)
    token = (
        SessionToken.objects.select_related("key__account", "key__created_by", "membership__user")
        .filter(Exists(session), digest=digest, expires_at__gt=now)
        .filter(membership__user__is_active=True, key__revoked_at=None)
        .filter(key__account__deleted_at=None)
        .first()
    )
    if token is None:
        return None
    user = token.membership.user
    token.key.scopes = sorted(member_scopes(token.membership.role, staff=user.is_staff))
    return token.key


def tokens_sweep() -> int:
    """Removes tokens and sessions whose time is over; how many tokens."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    return SessionToken.objects.filter(expires_at__lt=now).delete()[0]


def _dashboard_key(membership: Membership) -> ApiKey:
    key, _ = ApiKey.objects.get_or_create(
        account_id=membership.account_id,
        created_by_id=membership.user_id,
        dashboard=True,
        defaults={
            "name": "Dashboard",
            "prefix": "dashboard",
            "digest": secrets.token_bytes(32),
            "scopes": [],
        },
    )
    return key
