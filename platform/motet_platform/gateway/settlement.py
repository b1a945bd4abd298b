"""The end of a request on the books: what is charged, and the record that says for what."""

from __future__ import annotations

import logging
from typing import Any

from motet_billing.errors import LedgerError
from motet_billing.pricing import cost
from motet_billing.writer import LedgerWriter

from motet_platform.gateway.ask import Ask
from motet_platform.gateway.caller import Caller, Route
from motet_platform.gateway.exchange import Exchange
from motet_platform.gateway.usage import Usage
from motet_platform.metering.sink import UsageRow

log = logging.getLogger(__name__)


def hold_context(caller: Caller, ask: Ask, route: Route) -> dict[str, Any]:
    """What the record of usage needs, should this process not live to write it."""
    return {
        "account_id": caller.account_id,
        "key_id": caller.key_id,
        "model": ask.model,
        "base": route.base,
        "version_id": route.version_id,
        "digest": route.adapter.digest if route.adapter else "",
        "endpoint": ask.endpoint,
        "streamed": ask.stream,
    }


async def settle(
    ledger: LedgerWriter,
    exchange: Exchange,
    caller: Caller,
    ask: Ask,
    route: Route,
    *,
    usage: Usage,
    held: int,
) -> None:
    """Charge for `usage` and record it, in one transaction of the ledger.

    Returns when that is durable, or when the ledger has waited long enough for a database that is
    away: it goes on by itself, and an answer is not kept back for it.
    """
    outcome = exchange.outcome
    due = cost(route.price, usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens)
    outcome.usage, outcome.cost = usage, min(due, held)
    if due > held:
        outcome.fault = "over_hold"
        log.error("%s: delivered for %d, held %d", exchange.request_id, due, held)
    row = UsageRow(
        request_id=exchange.request_id,
        **hold_context(caller, ask, route),
        status=outcome.status,
        finish_reason=outcome.finish_reason,
        prompt_tokens=usage.prompt_tokens,
        cached_tokens=usage.cached_tokens,
        completion_tokens=usage.completion_tokens,
        price_version_id=route.price.version_id,
        cost=outcome.cost,
        fault=outcome.fault,
        worker=outcome.worker,
        ttft_ms=outcome.ttft_ms,
        duration_ms=exchange.elapsed_ms,
    )
    try:
        end = await ledger.hold_settle(request_id=exchange.request_id, cost=outcome.cost, usage=row)
    except LedgerError:
        log.exception("%s was not settled", exchange.request_id)
        return
    if end is not None and end.late:
        outcome.fault = "settled_late"
        log.warning("%s: the sweeper had settled it before", exchange.request_id)
