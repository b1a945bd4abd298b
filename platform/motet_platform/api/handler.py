"""Turns every exception of a management view into the one error shape."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.http.request import UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from motet_platform import errors

log = logging.getLogger(__name__)


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's hook. Nothing of an unforeseen exception's text reaches the client."""
    error = as_motet_error(exc)
    if error.status == 500:
        log.error("unhandled in %s", context.get("view"), exc_info=exc)
    set_rollback()
    return Response(errors.error_body(error), status=error.status, headers=error.headers)


def as_motet_error(exc: Exception) -> errors.MotetError:
    match exc:
        case errors.MotetError():
            return exc
        case Http404() | exceptions.NotFound():
            return errors.NotFound()
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return errors.InvalidApiKey()
        case DjangoPermissionDenied() | exceptions.PermissionDenied():
            return errors.PermissionDenied()
        case exceptions.MethodNotAllowed():
            return errors.MethodNotAllowed()
        case exceptions.UnsupportedMediaType():
            return errors.InvalidRequest(str(exc.detail), code="unsupported_media_type")
        case exceptions.ValidationError():
            return _validation(exc.detail)
        case DjangoValidationError():
            return _validation(exc.message_dict if hasattr(exc, "error_dict") else exc.messages)
        case UnreadablePostError():
            return errors.InvalidRequest(
                "The request ended before its body.", code="upload_incomplete"
            )
        case SuspiciousOperation():
            return errors.InvalidRequest("The request was refused as malformed.")
        case OperationalError() | InterfaceError():
            log.warning("the database is away: %s", exc)
            return errors.Unavailable(code="database_unavailable", retry_after=2)
    return errors.InternalError()


def _validation(detail: Any, path: str = "") -> errors.InvalidRequest:
    """The first complaint, with the field's path as `param`."""
    if isinstance(detail, Mapping) and detail:
        field, inner = next((k, v) for k, v in detail.items() if v)
        general = field in ("non_field_errors", "__all__")
        return _validation(inner, path if general else f"{path}.{field}".strip("."))
    if isinstance(detail, list) and detail:
        index, inner = next((i, v) for i, v in enumerate(detail) if v)
        return _validation(inner, f"{path}[{index}]" if isinstance(inner, Mapping) else path)
    message = f"{path}: {detail}" if path else str(detail)
    return errors.InvalidRequest(message, param=path or None)
