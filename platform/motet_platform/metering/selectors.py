"""Usage, added up, always within one account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.fields import CharField
from django.db.models.functions import Cast, Concat, TruncDay, TruncHour

from motet_platform.accounts.models import Account
from motet_platform.errors import InvalidRequest, NotFound
from motet_platform.metering.filters import SERVICE
from motet_platform.metering.models import UsageHour, UsageRecord
from motet_platform.metering.retention import shown

MAX_ROWS = 20_000
SUMS = ("prompt_tokens", "cached_tokens", "completion_tokens", "cost")
FIGURES = ("requests", *SUMS)
ADAPTER = (F("version__adapter__account__slug"), Value("/"), F("version__adapter__name"))
NUMBER = (Value("@"), Cast("version__number", CharField()))


def _of_version(*parts: Any) -> Case:
    """Empty for a base, of which nothing else is known than that it was one."""
    named = Concat(*parts, output_field=CharField())
    return Case(When(version=None, then=Value("")), default=named)


# A group's name in the query and the answer -> what it is computed from. Records have no `hour`.
GROUPS: dict[str, Any] = {
    "model": F("model"),
    "adapter": _of_version(*ADAPTER),
    "version": _of_version(*ADAPTER, *NUMBER),
    "key": F("key__prefix"),
    "member": Case(
        When(key__service_account=None, then=F("key__created_by__email")),
        default=Concat(Value(SERVICE), F("key__service_account__name")),
    ),
    "day": "",
    "hour": "",
}
HOUR = timedelta(hours=1)
EVERY = Q()

Row = dict[str, Any]
Key = tuple[Any, ...]


def usage_rows(
    account: Account,
    *,
    start: datetime,
    end: datetime,
    groups: Sequence[str],
    which: Q = EVERY,
) -> list[Row]:
    """One row per combination of `groups`, in order: `requests`, token counts, `cost` in
    picodollars. `which` (see `usage_filter`) leaves some of the account's requests.
    InvalidRequest `usage_too_large` for more than MAX_ROWS rows.
    """
    rows = []
    for row in usage_stream(account, start=start, end=end, groups=groups, which=which):
        rows.append(row)
        if len(rows) > MAX_ROWS:
            raise InvalidRequest(
                "That is too much at once: ask for a shorter time or fewer groups, or for CSV.",
                code="usage_too_large",
            )
    return sorted(rows, key=lambda row: [row[name] for name in groups])


def usage_stream(
    account: Account,
    *,
    start: datetime,
    end: datetime,
    groups: Sequence[str],
    which: Q = EVERY,
) -> Iterator[Row]:
    """The same rows one by one, as many as there are, in no particular order.

    Whole hours come from their sums; only the parts of hours at both ends are added up here.
    """
    first, last = _hour(start + HOUR - timedelta(microseconds=1)), _hour(end)
    edges = [(start, end)] if first > last else [(start, first), (last, end)]
    parts: dict[Key, list[int]] = {}
    for since, until in edges:
        if since < until:
            records = UsageRecord.objects.filter(created_at__gte=since, created_at__lt=until)
            for key, figures in _grouped(
                records.filter(which, account=account), groups, Count("pk")
            ):
                kept = parts.setdefault(key, [0] * len(FIGURES))
                parts[key] = [a + b for a, b in zip(kept, figures, strict=True)]
    if first < last:
        hours = UsageHour.objects.filter(which, account=account, hour__gte=first, hour__lt=last)
        for key, figures in _grouped(hours, groups, Sum("requests")):
            part = parts.pop(key, [0] * len(FIGURES))
            yield _row(groups, key, [a + b for a, b in zip(figures, part, strict=True)])
    for key, figures in parts.items():
        yield _row(groups, key, figures)


def _grouped(
    source: QuerySet[Any], groups: Sequence[str], requests: Any
) -> Iterator[tuple[Key, list[int]]]:
    # Under names of their own in the query: `version` and `key` are columns of the table.
    at = "hour" if source.model is UsageHour else "created_at"
    times = {"day": TruncDay(at), "hour": TruncHour(at)}
    keys = {f"by_{name}": times.get(name, GROUPS[name]) for name in groups}
    sums = {f"sum_{name}": Sum(name) for name in SUMS}
    rows = source.values(**keys or {"by_all": Value("")}).annotate(sum_requests=requests, **sums)
    for row in rows.order_by().iterator(chunk_size=2000):
        if not row["sum_requests"]:
            continue  # without groups, nothing at all is a row too
        key = tuple(row[f"by_{name}"] for name in groups)
        yield key, [int(row[f"sum_{name}"]) for name in FIGURES]


def _row(groups: Sequence[str], key: Key, figures: Sequence[int]) -> Row:
    shown: Row = {}
    for name, value in zip(groups, key, strict=True):
        if name == "day":
            value = value.date().isoformat()
        elif name == "hour":
            value = value.isoformat().replace("+00:00", "Z")
        shown[name] = value or ""
    return shown | dict(zip(FIGURES, figures, strict=True))


def _hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def usage_total(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {name: sum(row[name] for row in rows) for name in FIGURES}


def receipt(account: Account, request_id: str) -> UsageRecord:
    """NotFound `receipt_not_found`, also for another account's."""
    record = (
        shown(UsageRecord.objects.filter(account=account, request_id=request_id), account)
        .select_related("key", "version__adapter__account")
        .first()
    )
    if record is None:
        raise NotFound("There is no receipt for this request.", code="receipt_not_found")
    return record
