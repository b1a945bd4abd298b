"""Usage, added up, always within one account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, Sum, Value, When
from django.db.models.fields import CharField
from django.db.models.functions import Cast, Concat, TruncDay, TruncHour

from motet_platform.accounts.models import Account
from motet_platform.errors import InvalidRequest, NotFound
from motet_platform.metering.models import UsageRecord
from motet_platform.metering.retention import shown

MAX_ROWS = 20_000
SUMS = ("prompt_tokens", "cached_tokens", "completion_tokens", "cost")
# A group's name in the query and the answer -> what it is computed from.
GROUPS: dict[str, Any] = {
    "model": F("model"),
    "version": Case(
        When(version=None, then=Value("")),
        default=Concat(
            F("version__adapter__account__slug"),
            Value("/"),
            F("version__adapter__name"),
            Value("@"),
            Cast("version__number", CharField()),
            output_field=CharField(),
        ),
    ),
    "key": F("key__prefix"),
    "member": Case(
        When(key__service_account=None, then=F("key__created_by__email")),
        default=Concat(Value("service:"), F("key__service_account__name")),
    ),
    "day": TruncDay("created_at"),
    "hour": TruncHour("created_at"),
}


def usage_rows(
    account: Account, *, start: datetime, end: datetime, groups: Sequence[str]
) -> list[dict[str, Any]]:
    """One row per combination of `groups`: `requests`, token counts, `cost` in picodollars.

    InvalidRequest `usage_too_large` for more than MAX_ROWS rows.
    """
    records = UsageRecord.objects.filter(account=account, created_at__gte=start, created_at__lt=end)
    # Under names of their own in the query: `version` and `key` are columns of the record.
    keys = {f"by_{name}": GROUPS[name] for name in groups} or {"by_all": Value("")}
    sums = {f"sum_{name}": Sum(name) for name in SUMS}
    rows = records.values(**keys).annotate(requests=Count("pk"), **sums).order_by(*keys)
    found: list[Any] = list(rows[: MAX_ROWS + 1])
    if len(found) > MAX_ROWS:
        raise InvalidRequest(
            "That is too much at once: ask for a shorter time or fewer groups.",
            code="usage_too_large",
        )
    return [_row(row, groups) for row in found]


def _row(row: Mapping[str, Any], groups: Sequence[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name in groups:
        value = row[f"by_{name}"]
        if name == "day":
            value = value.date().isoformat()
        elif name == "hour":
            value = value.isoformat().replace("+00:00", "Z")
        shown[name] = value or ""
    return shown | {"requests": row["requests"]} | {name: int(row[f"sum_{name}"]) for name in SUMS}


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
