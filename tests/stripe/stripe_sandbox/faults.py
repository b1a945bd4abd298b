"""Failures on demand: the next calls to an address go wrong in the way that was asked for."""

from dataclasses import dataclass
from typing import Literal

from .errors import StripeError, invalid

How = Literal["500_before", "500_after", "hangup_after", "429"]


@dataclass
class Fault:
    method: str
    path: str
    how: How
    times: int


class Faults:
    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, *, method: str, path: str, how: How, times: int = 1) -> None:
        if how not in How.__args__:  # type: ignore[attr-defined]
            raise invalid(f"no such fault: {how}", param="how")
        self._waiting.append(Fault(method, path, how, times))

    def clear(self) -> None:
        self._waiting.clear()

    def next(self, method: str, path: str) -> How | None:
        """How this call shall fail. 429 and 500_before are raised by `before`."""
        for fault in self._waiting:
            if fault.times and fault.method == method and path.startswith(fault.path):
                fault.times -= 1
                return fault.how
        return None


def before(how: How | None) -> None:
    if how == "429":
        raise StripeError(429, "rate_limit_error", "Too many requests.", code="rate_limit")
    if how == "500_before":
        raise StripeError(500, "api_error", "An error before anything was done.")
