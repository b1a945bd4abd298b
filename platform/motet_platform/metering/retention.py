"""How far back single requests are shown. The books keep them: every charge stays provable."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from motet_platform.accounts.models import Account
from motet_platform.metering.models import UsageRecord


def shown(records: QuerySet[UsageRecord], account: Account) -> QuerySet[UsageRecord]:
    """Those of the records that the account's retention leaves to be seen one by one."""
    if account.retention_days is None:
        return records
    return records.filter(created_at__gte=timezone.now() - timedelta(days=account.retention_days))
