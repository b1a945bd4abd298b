"""JSON without its traps: duplicate keys, NaN and Infinity, bad UTF-8, endless nesting."""

from __future__ import annotations

import json
from typing import Any

from motet_platform.adapters.gate.refusal import Refusal, shown


def parse_object(data: bytes, *, what: str, code: str) -> dict[str, Any]:
    """The object in `data`. Refusals begin with `code`: <code>_not_utf8, _not_json,
    _duplicate_key, _not_object. `what` names the document in messages."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal(f"{code}_not_utf8", f"{what} is not UTF-8 text: save it again.") from None

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            seen: set[str] = set()
            twice = next(k for k, _ in pairs if k in seen or seen.add(k))  # type: ignore[func-returns-value]
            raise Refusal(
                f"{code}_duplicate_key", f"{what} holds the key {shown(twice)} twice: keep one."
            )
        return found

    def no_constant(name: str) -> None:
        raise Refusal(f"{code}_not_json", f"{what} holds {name}, which is not JSON.")

    try:
        value = json.loads(text, object_pairs_hook=unique, parse_constant=no_constant)
    except (ValueError, RecursionError):
        # ValueError is bad syntax, or a number of thousands of digits.
        raise Refusal(
            f"{code}_not_json", f"{what} is not valid JSON: save the adapter again with PEFT."
        ) from None
    if not isinstance(value, dict):
        raise Refusal(f"{code}_not_object", f"{what} must be a JSON object.")
    return value
