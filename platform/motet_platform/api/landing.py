"""The page at /: what this server offers, in plain words."""

from __future__ import annotations

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine
from django.views.decorators.http import require_safe

from motet_platform.catalog.selectors import bases_active
from motet_platform.config import get_config

_PAGE = Engine().from_string(Path(__file__).with_name("landing.html").read_text())


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    context = Context({"url": get_config().public_url, "bases": bases_active()})
    return HttpResponse(_PAGE.render(context))
