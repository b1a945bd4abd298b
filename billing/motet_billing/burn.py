"""Which lots pay. Pure: promotional before paid, then the earliest expiry, then the oldest lot."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple

Kind = Literal["promo", "paid"]

_NEVER = datetime.max.replace(tzinfo=UTC)
_RANK: dict[Kind, int] = {"promo": 0, "paid": 1}


@dataclass(frozen=True, slots=True)
class OpenLot:
    """A lot that still has credit; `expires_at` is aware, None for never."""

    id: int
    kind: Kind
    remaining: int
    expires_at: datetime | None


class Share(NamedTuple):
    """What one lot pays (or loses), in picodollars, always positive."""

    lot_id: int
    amount: int


def order(lots: Iterable[OpenLot]) -> list[OpenLot]:
    """The order in which lots pay."""
    return sorted(lots, key=lambda lot: (_RANK[lot.kind], lot.expires_at or _NEVER, lot.id))


def burn(lots: Iterable[OpenLot], amount: int) -> list[Share]:
    """Split `amount` over the lots, in order.

    The shares sum to `amount`. ValueError where the lots do not hold that much: a wallet's
    reservation makes that impossible, so it means that the books are wrong.
    """
    shares: list[Share] = []
    left = amount
    for lot in order(lots):
        if left == 0:
            break
        if take := min(lot.remaining, left):
            shares.append(Share(lot.id, take))
            left -= take
    if left:
        raise ValueError(f"the lots fall short of {amount} by {left} picodollars")
    return shares


def expirable(lots: Iterable[OpenLot], held: int, now: datetime) -> list[Share]:
    """What may expire at `now` while `held` picodollars wait for requests in flight.

    The held credit is set aside in the order in which it would be paid: a request that started
    on credit about to expire is still paid from it, and expiry takes only what is left.
    """
    shares: list[Share] = []
    for lot in order(lots):
        kept = min(lot.remaining, held)
        held -= kept
        free = lot.remaining - kept
        if free and lot.expires_at is not None and lot.expires_at <= now:
            shares.append(Share(lot.id, free))
    return shares
