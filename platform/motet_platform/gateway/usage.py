"""Tokens as they are charged and shown. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """`cached_tokens` are part of `prompt_tokens`; `completion_tokens` is over all choices."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


NOTHING = Usage()
