"""How a management view, in a thread of Django's, asks the gateway's workers."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpRequest

from motet_platform.errors import Unavailable
from motet_platform.fleet.survey import Survey, WorkerState

SCOPE_KEY = "motet.survey"  # what the gateway adds to the ASGI scope before Django sees it


def workers_surveyed(request: HttpRequest) -> list[WorkerState]:
    """Unavailable `no_fleet` outside a gateway process."""
    scope: dict[str, Any] = getattr(request, "scope", {})
    survey = scope.get(SCOPE_KEY)
    if not isinstance(survey, Survey):
        raise Unavailable("This process has no workers.", code="no_fleet", retry_after=10)
    states: list[WorkerState] = async_to_sync(survey.take)()
    return states
