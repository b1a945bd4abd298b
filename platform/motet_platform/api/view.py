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
from motet_platform.keys.models import ApiKey


class BaseView(APIView):
    """The headers that every answer has."""

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
