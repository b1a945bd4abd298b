"""The dashboard's one page, for every address that its own router knows."""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from motet_platform.api.landing import landing
from motet_platform.errors import NotFound

# Where `npm run build` in frontend/ puts the files; WhiteNoise serves them below /static/.
FOLDER = Path(__file__).parent / "static" / "dashboard"
NONCE = "__MOTET_NONCE__"

# Nothing from elsewhere, no inline script, no framing. The nonce is for the style elements that
# the component library writes; its style attributes go through the DOM, which needs no leave.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'nonce-{nonce}'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """The built page; without one, / says in plain words what the server offers."""
    page = _built()
    if page is None:
        if request.path == "/":
            return landing(request)
        raise NotFound("The dashboard is not built here: run `make dashboard`, then restart.")
    nonce = secrets.token_urlsafe(18)
    response = HttpResponse(page.replace(NONCE, nonce))
    response["Content-Security-Policy"] = POLICY.format(nonce=nonce)
    response["Cross-Origin-Opener-Policy"] = "same-origin"
    response["Cache-Control"] = "no-store"  # it names the files of this build, and has the nonce
    return response


@cache
def _built() -> str | None:
    try:
        return (FOLDER / "index.html").read_text()
    except FileNotFoundError:
        return None
