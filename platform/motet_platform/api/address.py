"""Where a request comes from."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from rest_framework.request import Request


def client_ip(request: Request) -> str | None:
    """The socket's address, or what MOTET_TRUSTED_PROXIES proxies wrote into X-Forwarded-For."""
    ip: str | None = get_adapter().get_client_ip(request._request)
    return ip
