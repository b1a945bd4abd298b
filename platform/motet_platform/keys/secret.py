"""The text of an API key: `mot_live_` + 32 base62 characters + 6 base62 characters of CRC32.

A signed-in member's token of minutes has the same form, with `mot_sess_`. Pure functions. The
checksum lets a mistyped or truncated key fail before any look-up; the 190 random bits are why a
plain SHA-256 is enough to store.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib

PREFIX = "mot_live_"
SESSION_PREFIX = "mot_sess_"
SHOWN = len(PREFIX) + 6  # characters kept in clear, to tell keys apart in a list

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_FORM = re.compile(rf"(?:{PREFIX}|{SESSION_PREFIX})([0-9A-Za-z]{{32}})([0-9A-Za-z]{{6}})", re.ASCII)


def new_secret(prefix: str = PREFIX) -> str:
    body = "".join(secrets.choice(_ALPHABET) for _ in range(32))
    return prefix + body + _checksum(body)


def is_session(secret: str) -> bool:
    """Whether it is a signed-in member's token, and not a key."""
    return secret.startswith(SESSION_PREFIX)


def digest(secret: str) -> bytes:
    """SHA-256 of the whole key, 32 bytes: what is stored and looked up."""
    return hashlib.sha256(secret.encode()).digest()


def well_formed(secret: str) -> bool:
    match = _FORM.fullmatch(secret)
    return match is not None and _checksum(match[1]) == match[2]


def _checksum(body: str) -> str:
    value = zlib.crc32(body.encode())
    digits = []
    for _ in range(6):
        value, digit = divmod(value, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
