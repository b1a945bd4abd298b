"""Secrets of users at rest: encrypted under a key that is derived from MOTET_SECRET_KEY."""

from __future__ import annotations

import base64
import hmac

from cryptography.fernet import Fernet, InvalidToken

from motet_platform.config import get_config

__all__ = ["InvalidToken", "cipher"]


def cipher(purpose: bytes) -> Fernet:
    """A purpose's own key: what one part has encrypted is nothing to another."""
    key = hmac.digest(get_config().require_secret_key().encode(), purpose, "sha256")
    return Fernet(base64.urlsafe_b64encode(key))
