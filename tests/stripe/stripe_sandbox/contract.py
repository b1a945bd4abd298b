"""What a request may carry, read from the installed SDK: its services name method, path and type.

Source: the generated `*_service.py` files of the `stripe` package and their TypedDict parameters.
"""

import importlib
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import stripe
from stripe._request_options import RequestOptions
from typing_extensions import is_typeddict

from .errors import StripeError, invalid

_METHOD = re.compile(
    r"\n    def (\w+)\(\s*self,(.*?)\) -> [^\n]*?:\n.*?"
    r'self\._request\(\s*"(\w+)",\s*"(/v1/[^"]+)"',
    re.DOTALL,
)
_PARAMS = re.compile(r'params: (?:Optional\[)?"(\w+)"')
_IMPORT = re.compile(r"from (stripe\.params[.\w]*) import \(?\s*(\w+)")
_OPTIONS = frozenset(RequestOptions.__annotations__)


@dataclass(frozen=True)
class Endpoint:
    """One call of the SDK. `template` has its path's variables in braces."""

    method: str
    template: str
    module: str | None
    params: str | None

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.template))


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """All v1 calls that the SDK can make; paths without variables first."""
    found: dict[tuple[str, str], Endpoint] = {}
    for file in Path(stripe.__file__).parent.rglob("*_service.py"):
        text = file.read_text()
        modules = {name: module for module, name in _IMPORT.findall(text)}
        for _, signature, method, path in _METHOD.findall(text):
            named = _PARAMS.search(signature)
            params = named[1] if named else None
            endpoint = Endpoint(method, path, modules.get(params or ""), params)
            found[method, path] = endpoint
    return tuple(sorted(found.values(), key=lambda e: (e.template.count("{"), e.template)))


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Endpoint], ...]:
    return tuple((endpoint.pattern, endpoint) for endpoint in endpoints())


def match(method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
    """The call and its path's variables; Stripe's 404 for an address that it does not have."""
    for pattern, endpoint in _patterns():
        if endpoint.method == method.lower() and (found := pattern.fullmatch(path)):
            return endpoint, found.groupdict()
    raise StripeError(404, "invalid_request_error", f"Unrecognized request URL ({method}: {path}).")


def check(endpoint: Endpoint, values: dict[str, Any]) -> dict[str, Any]:
    """The parameters in Python's types; Stripe's 400 for unknown, missing or wrong ones."""
    if endpoint.module is None or endpoint.params is None:
        if values:
            raise invalid(f"Received unknown parameter: {next(iter(values))}")
        return {}
    params = getattr(importlib.import_module(endpoint.module), endpoint.params)
    checked: dict[str, Any] = _typed_dict(params, values, "")
    return checked


@cache
def _fields(params: type) -> dict[str, Any]:
    # The options' own types are spelt in names of another module; they are dropped below.
    hints = get_type_hints(params, localns={"StripeContext": str, "Mapping": dict})
    return {name: hint for name, hint in hints.items() if name not in _OPTIONS}


def _typed_dict(params: Any, values: Any, where: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise invalid(f"Invalid object: {where}", param=where)
    fields = _fields(params)
    for name in values:
        if name not in fields:
            raise invalid(
                f"Received unknown parameter: {_join(where, name)}",
                param=_join(where, name), code="parameter_unknown",
            )  # fmt: skip
    for name in params.__required_keys__ & fields.keys():
        if name not in values:
            raise invalid(
                f"Missing required param: {_join(where, name)}.",
                param=_join(where, name), code="parameter_missing",
            )  # fmt: skip
    return {name: _value(fields[name], value, _join(where, name)) for name, value in values.items()}


def _value(hint: Any, value: Any, where: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _union(arguments, value, where)
    if origin is Literal:
        if value in arguments:
            return value
        allowed = ", ".join(map(str, arguments))
        raise invalid(f"Invalid {where}: must be one of {allowed}", param=where)
    if origin is list:
        if not isinstance(value, list):
            raise invalid(f"Invalid array: {where}", param=where)
        return [_value(arguments[0], item, f"{where}[{n}]") for n, item in enumerate(value)]
    if origin is dict or getattr(origin or hint, "__name__", "") == "UntypedStripeObject":
        if not isinstance(value, dict):
            raise invalid(f"Invalid object: {where}", param=where)
        return value
    if is_typeddict(hint):
        return _typed_dict(hint, value, where)
    return _leaf(hint, value, where)


def _union(arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    # `Literal[...] | str` is the SDK's way to stay open for new words: here the words are meant.
    literals = [a for a in arguments if get_origin(a) is Literal and a != Literal[""]]
    choices = [a for a in arguments if not (a is str and literals) and a is not type(None)]
    refusals = []
    for choice in choices:
        try:
            return _value(choice, value, where)
        except StripeError as refusal:
            refusals.append(refusal)
    raise refusals[-1]


def _leaf(hint: Any, value: Any, where: str) -> Any:
    if not isinstance(value, str):
        raise invalid(f"Invalid value: {where}", param=where)
    try:
        if hint is bool:
            return {"true": True, "false": False}[value.lower()]
        if hint in (int, float, Decimal):
            return hint(value)
    except (ValueError, KeyError, InvalidOperation):
        raise invalid(f"Invalid {hint.__name__}: {value}", param=where) from None
    if hint in (str, Any):
        return value
    raise invalid(f"Invalid value: {where}", param=where)


def _join(where: str, name: str) -> str:
    return f"{where}[{name}]" if where else name
