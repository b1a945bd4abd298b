"""Who is acting in this request or command, for the audit log alone: no permission reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """`kind` is one of models.ActorKind."""

    kind: str
    name: str
    ip: str | None = None


_SYSTEM = Actor("system", "system")
_current: ContextVar[Actor | None] = ContextVar("actor", default=None)


def current_actor() -> Actor:
    return _current.get() or _SYSTEM


@contextmanager
def acting(actor: Actor | None = None) -> Iterator[None]:
    """What is done inside is the actor's doing; `become` may say later whose."""
    token = _current.set(actor)
    try:
        yield
    finally:
        _current.reset(token)


def become(actor: Actor) -> None:
    """Names the actor of the `acting` block that is running."""
    _current.set(actor)
