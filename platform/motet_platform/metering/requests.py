"""Single requests of one account, newest first, and which of them a filter leaves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from motet_platform.accounts.models import Account
from motet_platform.errors import InvalidRequest
from motet_platform.metering.filters import usage_filter
from motet_platform.metering.models import UsageRecord

CLIENT_GONE = 499  # nobody's error: whoever asked had enough
FAILED = Q(status__gte=400) & ~Q(status=CLIENT_GONE)

_CURSOR = re.compile(r"([0-9]{1,17})\.([A-Za-z0-9_-]{1,64})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Cursor:
    """The place of a request in the list: when it was settled, then its id."""

    at: datetime
    request_id: str

    @classmethod
    def of(cls, record: UsageRecord) -> Cursor:
        return cls(record.created_at, record.request_id)

    @classmethod
    def read(cls, text: str) -> Cursor:
        """InvalidRequest for what `str` of a cursor never gave."""
        match = _CURSOR.fullmatch(text)
        if match is None:
            raise InvalidRequest("Take `after` from the `next` of a page.", param="after")
        return cls(_EPOCH + int(match[1]) * _MICROSECOND, match[2])

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}.{self.request_id}"


def requests_of(account: Account, wanted: Mapping[str, Any]) -> QuerySet[UsageRecord]:
    """The account's requests, of which `wanted` leaves some: see `requests_where`."""
    return requests_where(wanted).filter(account=account)


def requests_where(wanted: Mapping[str, Any]) -> QuerySet[UsageRecord]:
    """Requests of all accounts. `wanted` may hold what `usage_filter` knows, and `start`, `end`
    and `status` (`ok`, `error`, a number).
    """
    times = {"start": "created_at__gte", "end": "created_at__lt"}
    within = {field: wanted[name] for name, field in times.items() if wanted.get(name)}
    records = UsageRecord.objects.filter(usage_filter(wanted), **within)
    match wanted.get("status"):
        case None | "":
            return records
        case "ok":
            return records.exclude(FAILED)
        case "error":
            return records.filter(FAILED)
        case number:
            return records.filter(status=int(number))


def requests_page(
    records: QuerySet[UsageRecord], *, after: Cursor | None, limit: int
) -> list[UsageRecord]:
    """Up to `limit`, newest first, after the cursor."""
    if after is not None:
        # The first condition is implied by the second; it is the one that the index can use.
        records = records.filter(created_at__lte=after.at).filter(
            Q(created_at__lt=after.at) | Q(request_id__lt=after.request_id)
        )
    shown = records.select_related(
        "key__created_by", "key__service_account", "version__adapter__account"
    )
    return list(shown.order_by("-created_at", "-request_id")[:limit])
