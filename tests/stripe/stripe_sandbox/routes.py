"""Which function answers which call; a call of the SDK that none answers is 501."""

from collections.abc import Callable
from typing import Any

from .contract import Endpoint
from .errors import not_implemented
from .store import Store

Handler = Callable[..., dict[str, Any]]
handlers: dict[tuple[str, str], Handler] = {}


def route(method: str, template: str) -> Callable[[Handler], Handler]:
    """Registers `function(store, params, **path variables)` for a call of the SDK."""

    def register(function: Handler) -> Handler:
        handlers[method, template] = function
        return function

    return register


def call(
    endpoint: Endpoint, store: Store, params: dict[str, Any], path: dict[str, str]
) -> dict[str, Any]:
    handler = handlers.get((endpoint.method, endpoint.template))
    if handler is None:
        raise not_implemented(f"{endpoint.method.upper()} {endpoint.template}")
    answer = handler(store, params, **path)
    return _expanded(store, answer, params.get("expand", []))


def _expanded(store: Store, answer: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    for path in paths:
        answer = _expand(store, answer, path.split("."))
    return answer


def _expand(store: Store, value: Any, path: list[str]) -> Any:
    if not path:
        return store.objects.get(value, value) if isinstance(value, str) else value
    if isinstance(value, list):
        return [_expand(store, item, path) for item in value]
    if isinstance(value, str):
        value = store.objects.get(value, value)
    if isinstance(value, dict) and path[0] in value:
        inner = value[path[0]]
        inner = store.objects.get(inner, inner) if isinstance(inner, str) else inner
        return {**value, path[0]: _expand(store, inner, path[1:])}
    return value
