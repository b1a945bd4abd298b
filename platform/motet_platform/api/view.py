"""What every management view has: the key and the account behind it, scopes, a request id."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from motet_platform.accounts.models import Account
from motet_platform.api.address import client_ip
from motet_platform.audit.actor import Actor, acting, become
from motet_platform.audit.models import ActorKind
from motet_platform.keys.models import ApiKey


class BaseView(APIView):
    """The headers that every answer has, and a name for the audit log's sake."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with acting():
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        become(self.actor())

    def actor(self) -> Actor:
        """Who asks, once that is known."""
        raise NotImplementedError

    def finalize_response(
        self, request: Request | HttpRequest, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]
        answer.headers.setdefault("x-request-id", f"req_{secrets.token_hex(12)}")
        # Answers hold keys, money and names of one tenant: nobody on the way may keep them.
        answer.headers.setdefault("cache-control", "no-store")
        return answer


class ApiView(BaseView):
    """Authenticated by key, or by a signed-in member's token. `scopes` names, per method, what the
    key must be allowed."""

    scopes: ClassVar[Mapping[str, str]] = {}

    @property
    def key(self) -> ApiKey:
        return cast(ApiKey, self.request.auth)

    @property
    def account(self) -> Account:
        return self.key.account

    def actor(self) -> Actor:
        key, ip = self.key, client_ip(self.request)
        if key.dashboard and key.created_by is not None:
            return Actor(ActorKind.MEMBER, key.created_by.email, ip)
        if key.service_account is not None:
            return Actor(ActorKind.SERVICE_ACCOUNT, key.service_account.name, ip)
        return Actor(ActorKind.KEY, key.prefix, ip)
