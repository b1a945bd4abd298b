"""Ids of requests: ordered by time, so that the tables' indexes grow at one end."""

from __future__ import annotations

import hmac
import secrets
import time


def new_request_id() -> str:
    """`req_` + 12 hex digits of milliseconds + 20 random ones."""
    return f"req_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def completion_id(request_id: str, prefix: str) -> str:
    """The id of the answer: `chatcmpl-...` or `cmpl-...` with the request's own digits."""
    return f"{prefix}-{request_id.removeprefix('req_')}"


class Salts:
    """Each account's cache salt: what keeps its cached prefixes from every other account."""

    def __init__(self, secret_key: str) -> None:
        # A key of its own per purpose: a leaked salt says nothing about anything else.
        self._key = hmac.digest(secret_key.encode(), b"cache-salt", "sha256")

    def salt(self, account_id: int) -> bytes:
        """32 bytes, the same for an account on every gateway with this secret key."""
        return hmac.digest(self._key, str(account_id).encode(), "sha256")
