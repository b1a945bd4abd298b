"""With many records no query of a tenant's reads more than its own part of them."""

import json
import os
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db

FILL = """
INSERT INTO accounts_account (slug, name, created_at)
SELECT 'load-' || n, '', now() FROM generate_series(1, 200) AS n;

INSERT INTO metering_usagerecord (
    request_id, account_id, key_id, model, base, version_id, digest, endpoint, status,
    finish_reason, streamed, prompt_tokens, cached_tokens, completion_tokens, price_version_id,
    cost, fault, worker, created_at
)
SELECT 'load-' || n, account.id, NULL, 'model-' || n %% 5, 'tiny', NULL, '', 'chat.completions',
       200, 'stop', true, 100, 10, 50, 1, 20, '', '', now() - (n %% 2160) * interval '1 hour'
FROM generate_series(1, %(records)s) AS n
JOIN (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM accounts_account
) AS account ON account.place = n %% (SELECT count(*) FROM accounts_account);

INSERT INTO metering_usagehour (
    account_id, hour, model, base, version_id, key_id, worker,
    requests, prompt_tokens, cached_tokens, completion_tokens, cost
)
SELECT account_id, date_trunc('hour', created_at, 'UTC'), model, base, version_id, key_id, worker,
       count(*), sum(prompt_tokens), sum(cached_tokens), sum(completion_tokens), sum(cost)
FROM metering_usagerecord WHERE request_id LIKE 'load-%%' GROUP BY 1, 2, 3, 4, 5, 6, 7;

INSERT INTO billing_wallet (account_id, posted, reserved)
SELECT id, 0, 0 FROM accounts_account WHERE slug LIKE 'load-%%';

INSERT INTO billing_hold (
    request_id, wallet_id, amount, captured, state, price_version_id, owner, lease_until, context,
    fault, opened_at, closed_at
)
SELECT 'load-' || n, wallet.id, 1, 0, 'released', 1, '', now(), '{}', '', now(), now()
FROM generate_series(1, %(records)s) AS n
JOIN (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM billing_wallet
) AS wallet ON wallet.place = n %% (SELECT count(*) FROM billing_wallet);

INSERT INTO billing_journal (key, wallet_id, kind, memo)
SELECT 'load:' || n, wallet.id, 'capture', '' FROM generate_series(1, %(records)s) AS n
JOIN (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM billing_wallet
) AS wallet ON wallet.place = n %% (SELECT count(*) FROM billing_wallet);

INSERT INTO billing_entry (journal_id, account, lot_id, amount)
SELECT journal.id, account, NULL, CASE account WHEN 'revenue' THEN 1 ELSE -1 END
FROM billing_journal journal, unnest(ARRAY['revenue', 'breakage']) AS account
WHERE key LIKE 'load:%%';
"""
BIG = {
    "metering_usagerecord", "metering_usagehour", "billing_journal", "billing_entry",
    "billing_hold",
}  # fmt: skip
HALF_PAST = "start=2026-08-30T10:30:00Z&end=2026-11-24T10:30:00Z"


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


MANY = int(os.environ.get("MOTET_TEST_RECORDS", "1000000"))


@pytest.mark.parametrize("records", [100_000, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.timeout(900)
def test_no_query_of_a_tenant_reads_everybodys_rows(alice: Any, serve: Any, records: int) -> None:
    serve("req_1")
    with connection.cursor() as cursor:
        # What the ledger would refuse: journals come without their lots here.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(FILL, {"records": records})
        cursor.execute("SET LOCAL session_replication_role = origin")
        for table in BIG:
            cursor.execute(f"ANALYZE {table}")
    alice.api.get("/v1/usage?start=2026-01-01&end=2026-01-02")  # loads what serves it
    for path in (
        "/v1/usage",
        f"/v1/usage?{HALF_PAST}&group_by=model,version,key,member,hour",
        f"/v1/usage?{HALF_PAST}&group_by=day&format=csv",
        "/v1/receipts/req_1",
        "/v1/billing/ledger",
        "/v1/billing/statement",
        "/v1/billing/balance",
        "/v1/billing/caps",
    ):
        began = time.monotonic()
        with CaptureQueriesContext(connection) as asked:
            answer = alice.api.get(path)
            assert answer.status_code == 200 and answer.getvalue()
        print(f"{records} records, {path}: {(time.monotonic() - began) * 1000:.0f} ms")
        for query in [each["sql"] for each in asked if "SELECT" in each["sql"]]:
            select = re.sub(r"^DECLARE .*? FOR ", "", query)  # without the cursor that fetches it
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {select}")
                (found,) = cursor.fetchone()
            plan = json.loads(found) if isinstance(found, str) else found
            for node in nodes(plan[0]["Plan"]):
                scanned = node.get("Relation Name")
                assert scanned not in BIG or "Seq Scan" not in node["Node Type"], (path, select)
                if scanned in BIG:  # and of the index, a tenant's part
                    assert node["Plan Rows"] < records / 20, (path, node)
