"""Regular expressions out of an adapter's config, matched without trusting them.

PEFT matches module names against patterns that the adapter's author wrote. An expression can take
longer than the age of the universe, and Python's matcher cannot be interrupted: any pattern that
is more than a name is therefore matched in a child process with a time limit.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence

from motet_inference.adapters.errors import AdapterError

_PLAIN = re.compile(r"\^?(?:[A-Za-z0-9_.]|\\\.)*\$?")
_LONGEST, _MOST, _SECONDS = 4_096, 4_096, 5.0
_CHILD = """
import json, re, sys
patterns, names = json.load(sys.stdin)
found = []
for pattern in patterns:
    expression = re.compile(pattern)
    matches = ((i, expression.match(name)) for i, name in enumerate(names))
    found.append([(i, m.groups("")[-1] if m.re.groups else "") for i, m in matches if m])
json.dump(found, sys.stdout)
"""


def match_all(patterns: Sequence[str], names: Sequence[str]) -> list[dict[str, str]]:
    """For each pattern, the names that `re.match` accepts -> the text of the pattern's last group.

    Raises AdapterError (adapter_incompatible) for an expression that is malformed, too long or too
    slow.
    """
    _check_size(patterns)
    out = _match_in_child(patterns, names)
    return [{names[i]: group for i, group in found} for found in out]


def full_matches(pattern: str, names: Sequence[str]) -> set[str]:
    """The names that `re.fullmatch` accepts."""
    return set(match_all([rf"(?:{pattern})\Z"], names)[0])


def first_suffix_matches(keys: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Each name -> the first key that matches it or its end after a dot, as PEFT's
    `get_pattern_key` has it. Names that no key matches are left out.
    """
    _check_size(keys)
    plain = [bool(_PLAIN.fullmatch(key)) for key in keys]
    expressions = [rf"(.*\.)?({key})$" for key in keys]
    slow = iter(match_all([e for e, p in zip(expressions, plain, strict=True) if not p], names))
    out: dict[str, str] = {}
    for key, expression, is_plain in zip(keys, expressions, plain, strict=True):
        if is_plain:
            compiled = re.compile(expression)
            matched = {name for name in names if name not in out and compiled.match(name)}
        else:
            matched = set(next(slow))
        for name in matched:
            out.setdefault(name, key)
    return out


def _check_size(patterns: Sequence[str]) -> None:
    if len(patterns) > _MOST or any(len(p) > _LONGEST for p in patterns):
        raise AdapterError("adapter_incompatible", "adapter_config.json: too large a pattern.")


def _match_in_child(patterns: Sequence[str], names: Sequence[str]) -> list[list[tuple[int, str]]]:
    if not patterns:
        return []
    try:
        child = subprocess.run(  # noqa: S603 - a fixed program; the patterns are its input
            [sys.executable, "-I", "-S", "-c", _CHILD],
            input=json.dumps([list(patterns), list(names)]).encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired:
        message = "adapter_config.json: a pattern takes too long to match."
        raise AdapterError("adapter_incompatible", message) from None
    except subprocess.CalledProcessError:
        message = "adapter_config.json: a pattern is not a valid regular expression."
        raise AdapterError("adapter_incompatible", message) from None
    found: list[list[tuple[int, str]]] = json.loads(child.stdout)
    return found
