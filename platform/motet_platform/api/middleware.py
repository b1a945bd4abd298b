"""Our errors, where a view that is not ours lets one through; and addresses that nobody has."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse

from motet_platform.errors import InvalidRequest, MotetError, error_body


class ErrorShape:
    """Answers a MotetError that rises out of a view, as DRF's handler does within ours.

    An address with a zero byte is nobody's: PostgreSQL takes none in a text, so no view has to ask.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path_info:
            raise Http404
        return self._get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        if isinstance(exception, RecursionError):  # of allauth, which reads JSON of any depth
            exception = InvalidRequest("The JSON is nested too deeply.", code="invalid_json")
        if not isinstance(exception, MotetError):
            return None
        return JsonResponse(
            error_body(exception), status=exception.status, headers=exception.headers
        )
