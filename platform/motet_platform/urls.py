"""Django's addresses. The inference paths and health checks never get here: see gateway.app."""

from __future__ import annotations

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, URLResolver, include, path, re_path

from motet_platform.accounts.verify_view import VerifyOnceView
from motet_platform.api.schema import docs_view, schema_view
from motet_platform.dashboard.page import dashboard
from motet_platform.errors import (
    InternalError,
    InvalidRequest,
    MotetError,
    NotFound,
    error_body,
)


def _absent(request: HttpRequest) -> HttpResponse:
    raise Http404


v1: list[URLPattern | URLResolver] = [
    path("openapi.json", schema_view, name="schema"),
    path("", include("motet_platform.team.urls")),
    path("", include("motet_platform.audit.urls")),
    path("", include("motet_platform.keys.urls")),
    path("", include("motet_platform.adapters.urls")),
    path("", include("motet_platform.metering.urls")),
    path("", include("motet_platform.wallet.urls")),
    path("", include("motet_platform.catalog.urls")),
    path("", include("motet_platform.status.urls")),
    path("", include("motet_platform.staff.urls")),
    path("", include("motet_platform.payments.urls")),
]
urlpatterns = [
    path("docs", docs_view),
    path("v1/", include(v1)),
    path("auth/", include("motet_platform.session_urls")),
    # Nobody signs in by telephone here, and allauth's view of it fails for want of its settings.
    re_path(r"^_allauth/browser/v1/(?:account|auth)/phone", _absent),
    path("_allauth/browser/v1/auth/email/verify", VerifyOnceView.as_api_view(client="browser")),
    path("_allauth/", include("allauth.headless.urls")),
    path("accounts/", include("allauth.urls")),  # with HEADLESS_ONLY: where providers come back to
    path("admin/", admin.site.urls),
    # Whatever is left is the dashboard's own, except what looks like a file.
    re_path(
        r"^(?!/|(?:v1|auth|_allauth|accounts|admin|static|docs)(?:/|$))[^./]*(?:/.*)?$", dashboard
    ),
]


def _answer(request: HttpRequest, error: MotetError) -> HttpResponse:
    if request.path.strip("/").split("/")[0] in ("v1", "auth", "_allauth"):
        return JsonResponse(error_body(error), status=error.status)
    return HttpResponse(error.message, status=error.status, content_type="text/plain")


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, InvalidRequest("The request was refused as malformed."))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, NotFound("There is nothing at this address.", code="unknown_url"))


def handler500(request: HttpRequest) -> HttpResponse:
    return _answer(request, InternalError())
