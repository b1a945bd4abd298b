"""Records from before the hourly sums are in them."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

OLD = """
INSERT INTO metering_usagerecord (
    request_id, account_id, key_id, model, base, version_id, digest, endpoint, status,
    finish_reason, streamed, prompt_tokens, cached_tokens, completion_tokens, price_version_id,
    cost, fault, created_at
)
SELECT 'old-' || n, %s, NULL, 'tiny', 'tiny', NULL, '', 'chat.completions', 200, 'stop', true,
       10, 2, 5, 1, 7, '', timestamptz '2026-11-20 12:00Z' + n * interval '20 minutes'
FROM generate_series(0, 3) AS n
"""


@pytest.mark.django_db(transaction=True)
def test_old_records_are_summed(alice: Any) -> None:
    from motet_platform.metering.models import UsageHour
    from motet_platform.metering.reconcile import usage_mismatches

    call_command("migrate", "metering", "0001", verbosity=0)
    try:
        with connection.cursor() as cursor:
            cursor.execute(OLD, [alice.account.pk])
    finally:
        call_command("migrate", "metering", verbosity=0)
    found = UsageHour.objects.order_by("hour").values_list("hour__hour", "requests", "cost")
    assert list(found) == [(12, 3, 21), (13, 1, 7)]
    assert {each.invariant for each in usage_mismatches()} == {"I10"}  # they have no holds
