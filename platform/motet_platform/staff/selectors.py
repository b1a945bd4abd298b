"""Reads over all accounts: for staff alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from motet_platform.accounts.models import Account
from motet_platform.adapters.models import State, Version
from motet_platform.metering.models import UsageRecord
from motet_platform.metering.requests import FAILED


def accounts_all(*, search: str = "") -> QuerySet[Account]:
    """Deleted ones too, newest first; `search` looks into slugs, names and members' e-mails."""
    accounts = Account.objects.select_related("wallet").order_by("-pk")
    if search:
        found = Q(slug__icontains=search) | Q(name__icontains=search)
        members = Account.objects.filter(memberships__user__email__icontains=search)
        accounts = accounts.filter(found | Q(pk__in=members.values("pk")))
    return accounts


def spend_by_account(
    *, start: datetime, end: datetime, limit: int, among: Collection[int] | None = None
) -> list[dict[str, Any]]:
    """What accounts used in that time, the biggest spenders first; `cost` in picodollars."""
    records = UsageRecord.objects.filter(created_at__gte=start, created_at__lt=end)
    if among is not None:
        records = records.filter(account_id__in=among)
    rows = records.values(account_pk=F("account_id"), slug=F("account__slug")).annotate(
        requests=Count("pk"),
        errors=Count("pk", filter=FAILED),
        tokens_in=Sum("prompt_tokens"),
        tokens_out=Sum("completion_tokens"),
        total=Sum("cost"),
    )
    return [
        {
            "account_id": row["account_pk"],
            "account": row["slug"],
            "requests": row["requests"],
            "errors": row["errors"],
            "prompt_tokens": row["tokens_in"],
            "completion_tokens": row["tokens_out"],
            "cost": int(row["total"]),
        }
        for row in rows.order_by("-total", "account_pk")[:limit]
    ]


def names_of(digests: Collection[str]) -> dict[str, list[str]]:
    """Digest -> the versions that have these bytes, of whatever account."""
    versions = Version.objects.filter(digest__in=digests, state=State.READY)
    names: dict[str, list[str]] = {}
    for version in versions.select_related("adapter__account").order_by("pk"):
        names.setdefault(version.digest, []).append(str(version))
    return names
