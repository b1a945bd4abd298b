"""What the API refuses, in Stripe's shape."""

from typing import Any


class StripeError(Exception):
    """An answer with an error body. `extra` joins the error object (code, decline_code, ...)."""

    def __init__(self, status: int, kind: str, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "message": message, **extra}}


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> StripeError:
    return StripeError(400, "invalid_request_error", message, param=param, code=code)


def missing(kind: str, key: str) -> StripeError:
    message = f"No such {kind}: '{key}'"
    return StripeError(404, "invalid_request_error", message, code="resource_missing", param="id")


def not_implemented(what: str) -> StripeError:
    return StripeError(501, "api_error", f"This sandbox does not implement {what}.")
