"""Requests of Alice's, served as gateway and ledger do."""

from collections.abc import Callable
from typing import Any

import pytest

# Django is set up only after this file was loaded: what needs its models is imported by fixtures.


@pytest.fixture
def serve(alice: Any) -> Callable[..., str]:
    """Serves one request of Alice's as gateway and ledger do: serve("r1", prompt, completion)."""
    from django.db import connection
    from motet_billing import sql
    from motet_billing.commands import Open, Settle
    from motet_billing.decide import Books, decide
    from motet_billing.services import price_set
    from motet_platform.metering.sink import INSERT, UsageRow, usage_values

    price = price_set(sku="tiny", input=100, cached_input=50, output=200)

    def run(*commands: Any) -> None:
        with connection.cursor() as cursor:
            rows = []
            for query in sql.locks(commands):
                cursor.execute(*query)
                rows.append(cursor.fetchall())
            decision = decide(commands, Books.of(*rows))
            assert not any(isinstance(result, Exception) for result in decision.results)
            for query in sql.writes(decision, lease_s=60):
                cursor.execute(*query)
            if decision.usages:
                cursor.execute(INSERT, usage_values(decision.usages))

    def one(request_id: str, prompt: int = 10, completion: int = 5, **fields: Any) -> str:
        cost = prompt * 100 + completion * 200
        row = UsageRow(
            **{
                "request_id": request_id, "account_id": alice.account.pk, "key_id": alice.key.pk,
                "model": "tiny", "base": "tiny", "version_id": None, "digest": "",
                "endpoint": "chat.completions", "status": 200, "finish_reason": "stop",
                "streamed": True, "prompt_tokens": prompt, "cached_tokens": 0,
                "completion_tokens": completion, "price_version_id": price.pk, "cost": cost,
                **fields,
            }
        )  # fmt: skip
        wallet = alice.account.wallet.pk
        run(Open(request_id, wallet, 10_000, price.pk, "gw", "{}"))
        run(Settle(request_id, row.cost, row))
        return request_id

    return one
