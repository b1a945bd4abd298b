"""What the ledger refuses, as a tree.

LedgerError
├── InsufficientCredit   the wallet cannot afford it; `available` says what it can
│   └── SpendCapReached      the wallet could, a cap on it does not let it
├── LedgerUnavailable    the database is away: nothing was decided that the caller may rely on
└── LedgerRefused        the call contradicts what is already on record; a retry cannot help
    ├── UnknownWallet
    ├── UnknownHold
    ├── HoldClosed           an extension of a hold that has its terminal state
    ├── HoldConflict         a request id that is already in use by something else
    ├── CostExceedsHold      a settlement of more than was held
    ├── SourceConflict       a source key that already paid for something else
    └── PriceConflict        a price that would rewrite history
"""

import datetime as dt


class LedgerError(Exception):
    """Any refusal or failure of the ledger."""


class InsufficientCredit(LedgerError):
    """The wallet has `available` picodollars and `needed` were asked for."""

    def __init__(self, available: int, needed: int) -> None:
        super().__init__(f"{needed} picodollars needed, {available} available")
        self.available = available
        self.needed = needed


class SpendCapReached(InsufficientCredit):
    """A cap on `subject` leaves `available` picodollars of its `limit` until `resets_at`."""

    def __init__(
        self,
        available: int,
        needed: int,
        *,
        subject: str,
        limit: int,
        spent: int,
        resets_at: dt.datetime | None,
    ) -> None:
        super().__init__(available, needed)
        self.subject = subject
        self.limit = limit
        self.spent = spent
        self.resets_at = resets_at


class LedgerUnavailable(LedgerError):
    """The database did not answer in time."""


class LedgerRefused(LedgerError):
    """What was asked contradicts the record."""


class UnknownWallet(LedgerRefused):
    """No such wallet."""


class UnknownHold(LedgerRefused):
    """No hold was ever opened under this request id."""


class HoldClosed(LedgerRefused):
    """The hold is captured or released, and stays so."""


class HoldConflict(LedgerRefused):
    """The request id belongs to another hold."""


class CostExceedsHold(LedgerRefused):
    """The settlement asks for more than was held."""


class SourceConflict(LedgerRefused):
    """The source key was used for another credit."""


class PriceConflict(LedgerRefused):
    """A price cannot take effect in the past, nor twice at one instant."""
