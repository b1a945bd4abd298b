"""/v1/openapi.json and /docs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerView


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the document describes keys."""

    target_class = "motet_platform.keys.auth.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "mot_live_..."}


class CookieScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the document describes the dashboard's session."""

    target_class = "motet_platform.api.session.CookieAuthentication"
    name = "session"
    priority = 1  # before the library's own for what it derives from

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


schema_view = SpectacularJSONAPIView.as_view()
docs_view = SpectacularSwaggerView.as_view(url_name="schema")
