"""What can be asked of a hold: one frozen message per change, checked where it is made."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from motet_billing.money import check_range

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")

CHECKPOINT_KEYS = ("prompt_tokens", "cached_tokens", "completion_tokens", "cost")


@dataclass(frozen=True, slots=True)
class Open:
    """Hold `amount` picodollars of a wallet, for `subject` in it. `context` is JSON text."""

    request_id: str
    wallet_id: int
    amount: int
    price_version_id: int
    owner: str
    context: str
    subject: str = ""  # see caps.py

    def __post_init__(self) -> None:
        _check_id(self.request_id)
        if check_range(self.amount) <= 0:
            raise ValueError(f"a hold is positive, not {self.amount}")


@dataclass(frozen=True, slots=True)
class Extend:
    """Raise the hold's total to `amount`, and put on record what was delivered so far.

    `checkpoint` is JSON text; `delivered` is its cost in picodollars.
    """

    request_id: str
    amount: int
    checkpoint: str
    delivered: int

    def __post_init__(self) -> None:
        _check_id(self.request_id)
        if not 0 <= self.delivered <= check_range(self.amount):
            raise ValueError(f"delivered {self.delivered} of a hold of {self.amount}")


@dataclass(frozen=True, slots=True)
class Settle:
    """End the hold: capture `cost`, or release it all where that is 0; `usage` goes on record."""

    request_id: str
    cost: int
    usage: Any

    def __post_init__(self) -> None:
        _check_id(self.request_id)
        if check_range(self.cost) < 0:
            raise ValueError(f"a cost is never negative: {self.cost}")


@dataclass(frozen=True, slots=True)
class Expire:
    """End the hold if its lease has run out: capture its checkpoint, else release it."""

    request_id: str


Command = Open | Extend | Settle | Expire


class Settlement(NamedTuple):
    """How a hold ended. `late`: the sweeper had ended it before, and that stands."""

    captured: int
    late: bool


def json_text(value: Mapping[str, Any]) -> str:
    """JSON that a jsonb column takes; ValueError or TypeError for what it would not."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    text.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
    if _NUL.search(text):
        raise ValueError("jsonb cannot hold NUL")
    return text


def checkpoint_text(checkpoint: Mapping[str, int]) -> str:
    """The JSON of a checkpoint: exactly its four counts, none negative."""
    if sorted(checkpoint) != sorted(CHECKPOINT_KEYS):
        raise ValueError(f"a checkpoint has {CHECKPOINT_KEYS}, not {tuple(checkpoint)}")
    if any(type(count) is not int or count < 0 for count in checkpoint.values()):
        raise ValueError(f"a checkpoint counts from 0: {dict(checkpoint)}")
    return json_text(checkpoint)


def _check_id(request_id: str) -> None:
    if not 0 < len(request_id) <= 200 or not request_id.isprintable():
        raise ValueError(f"not a request id: {request_id[:200]!r}")
