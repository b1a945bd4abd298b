"""Writing usage outside the gateways."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection
from motet_billing.services import ExpiredHold

from motet_platform.metering.sink import INSERT, UsageRow, usage_values


def expired_hold_record(hold: ExpiredHold) -> None:
    """The usage record of a request whose gateway is gone, from what its hold remembers. Part of
    the sweeper's transaction. A request of which nothing was delivered has none."""
    if not (hold.prompt_tokens or hold.completion_tokens):
        return
    context = hold.context
    row = UsageRow(
        request_id=hold.request_id,
        account_id=context["account_id"],
        key_id=context["key_id"],
        model=context["model"],
        base=context["base"],
        version_id=context["version_id"],
        digest=context["digest"],
        endpoint=context["endpoint"],
        status=500,
        finish_reason="error",
        streamed=context["streamed"],
        prompt_tokens=hold.prompt_tokens,
        cached_tokens=hold.cached_tokens,
        completion_tokens=hold.completion_tokens,
        price_version_id=hold.price_version_id,
        cost=hold.cost,
        fault=hold.fault,
        created_at=datetime.now(UTC),
    )
    with connection.cursor() as cursor:
        cursor.execute(INSERT, usage_values(row))
