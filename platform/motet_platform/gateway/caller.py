"""Who asks, and what they asked for, once both are known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from motet_billing.pricing import Price


@dataclass(frozen=True, slots=True)
class Caller:
    """A valid key and the account it belongs to. `models`, `rpm`, `tpm`: None is no limit set."""

    account_id: int
    account_slug: str
    wallet_id: int
    key_id: int
    scopes: frozenset[str]
    models: frozenset[str] | None
    rpm: int | None
    tpm: int | None
    expires_at: datetime | None = None
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Adapter:
    """One immutable version of an adapter, as workers know it."""

    digest: str
    uri: str
    rank: int


@dataclass(frozen=True, slots=True)
class Route:
    """Where a model's name leads. `model` is the name as the client wrote it."""

    model: str
    base: str
    price: Price
    version_id: int | None = None
    version: int | None = None
    adapter: Adapter | None = None
