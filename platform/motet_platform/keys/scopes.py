"""What a key may be allowed to do."""

from __future__ import annotations

from typing import Final

INFERENCE: Final = "inference"
ADAPTERS_READ: Final = "adapters:read"
ADAPTERS_WRITE: Final = "adapters:write"
KEYS: Final = "keys"
USAGE: Final = "usage"
BILLING: Final = "billing"

ALL: Final = (INFERENCE, ADAPTERS_READ, ADAPTERS_WRITE, KEYS, USAGE, BILLING)
