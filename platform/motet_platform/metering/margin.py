"""What each worker earned and what it cost, for the operator's eyes only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Max, Min, Sum

from motet_platform.metering.models import UsageHour

HOUR = timedelta(hours=1)


class Margin(NamedTuple):
    """Money in picodollars. `hours` are from the worker's first busy hour to its last; the cost
    of the hours before and after is not in here."""

    base: str
    worker: str
    requests: int
    tokens: int
    revenue: int
    hours: int
    cost: int

    @property
    def margin(self) -> int:
        return self.revenue - self.cost


def margins(*, start: datetime, end: datetime, cost_per_hour: int) -> list[Margin]:
    """One row per base and worker that was busy in the time; `cost_per_hour` in picodollars.

    Requests that no worker was found for cost nothing, and stand under an empty name.
    """
    rows = (
        UsageHour.objects.filter(hour__gte=start, hour__lt=end)
        .values("base", "worker")
        .annotate(
            requests_sum=Sum("requests"),
            prompt=Sum("prompt_tokens"),
            completion=Sum("completion_tokens"),
            revenue=Sum("cost"),
            first=Min("hour"),
            last=Max("hour"),
        )
        .order_by("base", "worker")
    )
    found = []
    for row in rows:
        hours = (row["last"] - row["first"]) // HOUR + 1 if row["worker"] else 0
        found.append(
            Margin(
                base=row["base"],
                worker=row["worker"],
                requests=int(row["requests_sum"]),
                tokens=int(row["prompt"] + row["completion"]),
                revenue=int(row["revenue"]),
                hours=hours,
                cost=hours * cost_per_hour,
            )
        )
    return found
