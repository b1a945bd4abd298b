"""Reads of keys."""

from __future__ import annotations

from django.db.models import QuerySet

from motet_platform.accounts.models import Account
from motet_platform.keys.models import ApiKey


def keys_of(account: Account) -> QuerySet[ApiKey]:
    """The account's keys, revoked ones included; what members do in the dashboard is no key."""
    return ApiKey.objects.filter(account=account, dashboard=False).select_related(
        "created_by", "service_account"
    )
