"""Every error that a client can see, and its one shape.

MotetError
├── InvalidRequest        400  malformed or impossible request
├── InvalidApiKey         401  missing, unknown, revoked or expired key: all alike
├── NotSignedIn           401  /auth without a session
├── InsufficientCredit    402  no credit, a spend cap or the request's max_cost; not retried
├── PermissionDenied      403  the key lacks a scope, a model or a role
├── NotFound              404  absent, or another tenant's: the same answer
│   └── ModelNotFound     404
├── MethodNotAllowed      405
├── PayloadTooLarge       413
├── RateLimited           429  always with retry-after
├── InternalError         500
├── NotBuilt              501  a named part that this installation does not have
├── Unavailable           503  always with retry-after
└── StorageFull           507
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class MotetError(Exception):
    """An error with a status, a stable code and a sentence for the client."""

    status: int = 500
    type: str = "api_error"
    code: str = "internal_error"
    default: ClassVar[str] = "Something went wrong on our side."

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.message = message or self.default
        self.code = code or self.code
        self.param = param
        self.headers: dict[str, str] = dict(headers or {})
        super().__init__(self.message)


class InvalidRequest(MotetError):
    status, type, code = 400, "invalid_request_error", "invalid_request"
    default = "The request is not valid."


class InvalidApiKey(MotetError):
    status, type, code = 401, "authentication_error", "invalid_api_key"
    default = "Incorrect API key provided. Send it as `Authorization: Bearer mot_live_...`."

    def __init__(self) -> None:
        # One sentence for every cause, so that nobody learns which keys once existed.
        super().__init__(headers={"www-authenticate": 'Bearer realm="motet"'})


class NotSignedIn(MotetError):
    status, type, code = 401, "authentication_error", "not_signed_in"
    default = "Sign in first."


class InsufficientCredit(MotetError):
    status, type, code = 402, "insufficient_credit", "insufficient_credit"
    default = "The account has not enough credit for this request."


class PermissionDenied(MotetError):
    status, type, code = 403, "permission_error", "permission_denied"
    default = "This key may not do that."


class NotFound(MotetError):
    status, type, code = 404, "invalid_request_error", "not_found"
    default = "There is no such thing here."


class ModelNotFound(NotFound):
    code = "model_not_found"

    def __init__(self, model: str) -> None:
        shown = model if len(model) <= 200 else model[:200] + "..."
        super().__init__(
            f"The model `{shown}` does not exist or you do not have access to it.", param="model"
        )


class MethodNotAllowed(MotetError):
    status, type, code = 405, "invalid_request_error", "method_not_allowed"
    default = "This address does not take that method."


class PayloadTooLarge(MotetError):
    status, type, code = 413, "invalid_request_error", "payload_too_large"
    default = "The request body is too large."


class RateLimited(MotetError):
    status, type, code = 429, "rate_limit_error", "rate_limit_exceeded"
    default = "Too many requests."

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after: int,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        headers = {**(headers or {}), "retry-after": str(retry_after)}
        super().__init__(message, code=code, headers=headers)


class InternalError(MotetError):
    """The default of the tree under its own name: what an unforeseen exception is shown as."""


class NotBuilt(MotetError):
    status, type, code = 501, "api_error", "not_built"
    default = "This installation does not have that part."


class Unavailable(MotetError):
    status, type, code = 503, "api_error", "unavailable"
    default = "The service cannot take this request right now."

    def __init__(
        self, message: str | None = None, *, code: str | None = None, retry_after: int = 1
    ) -> None:
        super().__init__(message, code=code, headers={"retry-after": str(retry_after)})


class StorageFull(MotetError):
    status, type, code = 507, "api_error", "storage_full"
    default = "The server has no room for this upload. Try again later."


def error_body(error: MotetError) -> dict[str, Any]:
    """The body that OpenAI's clients read: {"error": {"message", "type", "param", "code"}}."""
    return {
        "error": {
            "message": error.message,
            "type": error.type,
            "param": error.param,
            "code": error.code,
        }
    }
