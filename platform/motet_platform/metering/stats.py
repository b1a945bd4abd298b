"""Requests by hour or day: how many, how many failed, what they used, how long until they spoke."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, F, FloatField, QuerySet, Sum
from django.db.models.functions import TruncDay, TruncHour

from motet_platform.errors import InvalidRequest
from motet_platform.metering.models import UsageRecord
from motet_platform.metering.requests import FAILED

MAX_BUCKETS = 1_000
STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
_TRUNC = {"hour": TruncHour, "day": TruncDay}
_SUMS = ("prompt_tokens", "cached_tokens", "completion_tokens", "cost")


class _Percentile(Aggregate):
    """PostgreSQL's percentile_cont; None where there is no value."""

    function = "percentile_cont"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


_FIGURES: dict[str, Any] = {
    "n_requests": Count("pk"),
    "n_errors": Count("pk", filter=FAILED),
    **{f"n_{name}": Sum(name, default=0) for name in _SUMS},
    "n_ttft_p50_ms": _Percentile(F("ttft_ms"), fraction=0.5),
    "n_ttft_p95_ms": _Percentile(F("ttft_ms"), fraction=0.95),
}


def stats_total(records: QuerySet[UsageRecord]) -> dict[str, Any]:
    """The figures of all the records together; `cost` in picodollars."""
    return _figures(records.aggregate(**_FIGURES))


def stats_by_time(
    records: QuerySet[UsageRecord], *, start: datetime, end: datetime, bucket: str
) -> list[dict[str, Any]]:
    """The figures per bucket (UTC), empty ones included, the oldest first. The first and the last
    count only what lies within `start` and `end`. InvalidRequest `too_many_buckets`."""
    times = _times(start, end, bucket)
    within = records.filter(created_at__gte=start, created_at__lt=end)
    by_time = within.annotate(at=_TRUNC[bucket]("created_at", tzinfo=UTC)).values("at")
    found = {row["at"]: _figures({**row}) for row in by_time.annotate(**_FIGURES).order_by("at")}
    return [{"time": time, **found.get(time, _NOTHING)} for time in times]


def _times(start: datetime, end: datetime, bucket: str) -> list[datetime]:
    step = STEPS[bucket]
    first = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if bucket == "day":
        first = first.replace(hour=0)
    count = -((first - end) // step)
    if count > MAX_BUCKETS:
        raise InvalidRequest(
            f"That is {count} buckets, of {MAX_BUCKETS} at most: ask for less time, or for days.",
            code="too_many_buckets",
        )
    return [first + step * n for n in range(count)]


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    figures = {name.removeprefix("n_"): row[name] for name in _FIGURES}
    for name in ("ttft_p50_ms", "ttft_p95_ms"):
        figures[name] = None if figures[name] is None else round(figures[name])
    return figures | {name: int(figures[name]) for name in _SUMS}


_NOTHING = _figures({name: None if "ttft" in name else 0 for name in _FIGURES})
