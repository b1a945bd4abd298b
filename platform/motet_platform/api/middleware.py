"""Our errors, where a view that is not ours lets one through."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from motet_platform.errors import MotetError, error_body


class ErrorShape:
    """Answers a MotetError that rises out of a view, as DRF's handler does within ours."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        if not isinstance(exception, MotetError):
            return None
        return JsonResponse(
            error_body(exception), status=exception.status, headers=exception.headers
        )
