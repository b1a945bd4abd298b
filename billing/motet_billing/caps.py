"""Spend caps: what one subject of a wallet may cost per period. Pure.

A subject is a name within the wallet: "" is all of it, and its owner names the rest (the platform
writes "key:12"). What running requests hold counts as spent, so a burst cannot pass a cap.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple, get_args

Period = Literal["day", "week", "month", "none"]
PERIODS: tuple[Period, ...] = get_args(Period)
THRESHOLDS = (80, 100)  # percent of a cap, each told once per window and limit


class Alert(NamedTuple):
    """A cap has reached `percent` of its limit."""

    cap_id: int
    window_start: datetime
    limit: int
    spent: int
    percent: int


@dataclass(slots=True)
class CapRow:
    """A cap under its wallet's lock. `alerted` is the last threshold told in this window."""

    id: int
    wallet_id: int
    subject: str
    limit: int
    period: Period
    window_start: datetime
    spent: int
    reserved: int
    alerted: int

    @property
    def room(self) -> int:
        """What may still be held; never negative, though a limit may have been lowered."""
        return max(0, self.limit - self.spent - self.reserved)

    @property
    def resets_at(self) -> datetime | None:
        return window_end(self.period, self.window_start)

    def roll(self, now: datetime) -> None:
        """Begin the window of `now`. What is held then counts in it, and a clock that goes back
        brings no spent window back."""
        start = window(self.period, now)
        if start is not None and start > self.window_start:
            self.window_start, self.spent, self.alerted = start, 0, 0

    def crossed(self, *, stopped: bool = False) -> Alert | None:
        """The news, if a threshold was reached since the last. `stopped`: the cap itself, not what
        runs at the moment, keeps requests out."""
        percent = 100 if stopped else threshold(self.spent, self.limit)
        if percent <= self.alerted:
            return None
        self.alerted = percent
        return Alert(self.id, self.window_start, self.limit, self.spent, percent)


def as_period(text: str) -> Period:
    """The period that a column or a client names; ValueError."""
    for period in PERIODS:
        if period == text:
            return period
    raise ValueError(f"not a period: {text!r}")


def threshold(spent: int, limit: int) -> int:
    """The highest threshold that is reached, 0 for none."""
    return max((t for t in THRESHOLDS if limit and spent * 100 >= limit * t), default=0)


def window(period: Period, now: datetime) -> datetime | None:
    """When the window of `now` began, in UTC: midnight, Monday, the first. None: it never ends."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match period:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "none":
            return None


def window_end(period: Period, start: datetime) -> datetime | None:
    """When a window that began at `start` ends; None for never."""
    match period:
        case "day":
            return start + timedelta(days=1)
        case "week":
            return start + timedelta(days=7)
        case "month":
            return (start + timedelta(days=32)).replace(day=1)
        case "none":
            return None
