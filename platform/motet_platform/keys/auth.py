"""Keys and tokens for the management API. The inference path has its own, without the ORM."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from motet_platform.accounts.models import User
from motet_platform.errors import InvalidApiKey, PermissionDenied
from motet_platform.keys import secret
from motet_platform.keys.models import ApiKey
from motet_platform.keys.selectors import keys_live
from motet_platform.keys.tokens import token_key

_COARSE = timedelta(minutes=1)


def key_authenticate(presented: str) -> ApiKey:
    """The live key behind a secret, or behind a signed-in member's token.

    InvalidApiKey; PermissionDenied for a suspended account.
    """
    if not secret.well_formed(presented):
        raise InvalidApiKey
    digest = secret.digest(presented)
    key = token_key(digest) if secret.is_session(presented) else _live_key(digest)
    if key is None:
        raise InvalidApiKey
    if key.account.suspended_at is not None:
        raise PermissionDenied("This account is suspended.", code="account_suspended")
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > _COARSE:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def _live_key(digest: bytes) -> ApiKey | None:
    return keys_live().filter(digest=digest).first()


class KeyAuthentication(BaseAuthentication):
    """`request.auth` becomes the ApiKey, `request.user` the person who made it, if any."""

    def authenticate(self, request: Request) -> tuple[User | None, ApiKey] | None:
        scheme, _, presented = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise InvalidApiKey
        key = key_authenticate(presented.strip())
        return key.created_by, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
