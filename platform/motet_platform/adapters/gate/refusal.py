"""Why an upload is refused."""

from __future__ import annotations


class Refusal(Exception):
    """`code` is stable and documented; `message` tells the owner how to mend the adapter."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def shown(value: object, limit: int = 80) -> str:
    """A value from the file, safe to put into a message: quoted, escaped and cut."""
    text = ascii(value)
    return text if len(text) <= limit else f"{text[:limit]}..."
