"""The one identity of an adapter's weights, computed alike by the platform and the worker."""

from __future__ import annotations

import hashlib
import re

_HEX = re.compile(r"[0-9a-f]{64}")


def adapter_digest(config_sha256: str, weights_sha256: str) -> str:
    """The digest of a version, from the lower-case hex SHA-256 of its two files' bytes.

    Raises ValueError when either is not one: a digest over a mistyped part would name nothing.
    """
    for part in (config_sha256, weights_sha256):
        if not _HEX.fullmatch(part):
            raise ValueError(f"not a lower-case hex SHA-256: {part[:80]!r}")
    text = f"motet-adapter-v1\n{config_sha256}\n{weights_sha256}\n"
    return hashlib.sha256(text.encode()).hexdigest()
