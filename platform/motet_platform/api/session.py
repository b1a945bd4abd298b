"""What the /auth views have: a person signed in by cookie, with the CSRF check on every change."""

from __future__ import annotations

from typing import cast

from django.middleware.csrf import get_token
from rest_framework import exceptions
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from motet_platform.accounts.models import User
from motet_platform.api.address import client_ip
from motet_platform.api.view import BaseView
from motet_platform.audit.actor import Actor
from motet_platform.audit.models import ActorKind
from motet_platform.errors import NotSignedIn, PermissionDenied


class CookieAuthentication(SessionAuthentication):
    """Django's session; the CSRF check comes first, for whoever is not signed in too."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        user = getattr(request._request, "user", None)
        if request.method not in ("GET", "HEAD", "OPTIONS", "TRACE"):
            self._check(request)
        if user is None or not user.is_active:
            raise NotSignedIn
        return cast(User, user), None

    def _check(self, request: Request) -> None:
        try:
            self.enforce_csrf(request)
        except exceptions.PermissionDenied:
            raise PermissionDenied(
                "Send the cookie motet_csrf's value as X-CSRFToken.", code="csrf_failed"
            ) from None


class SignedIn(BasePermission):
    def has_permission(self, request: Request, view: object) -> bool:
        return isinstance(request.user, User)


class SessionView(BaseView):
    """Takes the session's cookie and nothing else. Every answer carries the CSRF cookie."""

    authentication_classes = (CookieAuthentication,)
    permission_classes = (SignedIn,)

    @property
    def person(self) -> User:
        return cast(User, self.request.user)

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        get_token(request._request)
        super().initial(request, *args, **kwargs)

    def actor(self) -> Actor:
        return Actor(ActorKind.MEMBER, self.person.email, client_ip(self.request))
