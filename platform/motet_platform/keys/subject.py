"""What a key is called in its account's wallet, where caps count its spending."""

from __future__ import annotations


def key_subject(key_id: int) -> str:
    return f"key:{key_id}"


def key_id_of(subject: str) -> int | None:
    """The key that a subject names; None for the account as a whole."""
    return int(subject.removeprefix("key:")) if subject else None
