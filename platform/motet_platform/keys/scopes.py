"""What a key or a signed-in member may be allowed to do. Which role has which: accounts.roles."""

from __future__ import annotations

from typing import Final

INFERENCE: Final = "inference"
ADAPTERS_READ: Final = "adapters:read"
ADAPTERS_WRITE: Final = "adapters:write"
KEYS: Final = "keys"
USAGE: Final = "usage"
BILLING: Final = "billing"
TEAM_READ: Final = "team:read"
TEAM_WRITE: Final = "team:write"
AUDIT: Final = "audit"

# What a key can be given.
ALL: Final = (
    INFERENCE, ADAPTERS_READ, ADAPTERS_WRITE, KEYS, USAGE, BILLING, TEAM_READ, TEAM_WRITE, AUDIT,
)  # fmt: skip

ANY: Final = ""  # whatever else the key may do

# For people alone: no key that leaks can end an account or take it over.
ACCOUNT: Final = "account"  # its settings
OWNER: Final = "owner"  # its owners, and its end
OPERATOR: Final = "operator"  # staff of the installation
PEOPLE: Final = (ACCOUNT, OWNER, OPERATOR)
