"""Usage: written once, added up exactly, and never another tenant's."""

import csv
import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import psycopg
import pytest
from django.db import connection
from motet_billing.money import usd
from motet_billing.services import price_set
from motet_platform.adapters.models import Adapter, Version
from motet_platform.catalog.models import BaseModel
from motet_platform.keys.services import key_create
from motet_platform.metering.models import UsageRecord
from motet_platform.metering.selectors import usage_rows
from motet_platform.metering.sink import INSERT, UsageRow, usage_insert, usage_values
from motet_platform.team.models import ServiceAccount

NOON = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
URL = "/v1/usage?start=2026-11-01&end=2026-12-01"


def row(person: Any, request_id: str, **fields: Any) -> UsageRow:
    values: dict[str, Any] = {
        "account_id": person.account.pk, "key_id": person.key.pk, "model": "tiny", "base": "tiny",
        "version_id": None, "digest": "", "endpoint": "chat.completions", "status": 200,
        "finish_reason": "stop", "streamed": True, "prompt_tokens": 100, "cached_tokens": 40,
        "completion_tokens": 7, "price_version_id": 1, "cost": 9_400_000, "created_at": NOON,
    }  # fmt: skip
    return UsageRow(request_id=request_id, **(values | fields))


def record(person: Any, request_id: str, **fields: Any) -> UsageRow:
    made = row(person, request_id, **fields)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, usage_values([made]))
    return made


def test_it_works(alice: Any) -> None:
    record(alice, "req_1")
    record(alice, "req_2", model="acme/support", prompt_tokens=1, cached_tokens=0, cost=1)
    body = alice.api.get(URL).json()
    assert body["data"] == [
        {"model": "acme/support", "requests": 1, "prompt_tokens": 1, "cached_tokens": 0,
         "completion_tokens": 7, "cost": "0.000000000001"},
        {"model": "tiny", "requests": 1, "prompt_tokens": 100, "cached_tokens": 40,
         "completion_tokens": 7, "cost": "0.0000094"},
    ]  # fmt: skip
    assert body["total"] == {
        "requests": 2, "prompt_tokens": 101, "cached_tokens": 40, "completion_tokens": 14,
        "cost": usd(9_400_001),
    }  # fmt: skip


def test_nothing_at_all(alice: Any) -> None:
    body = alice.api.get("/v1/usage").json()
    assert body["data"] == []
    assert (body["total"]["requests"], body["total"]["cost"]) == (0, "0.00")


def test_groups(alice: Any, bob: Any) -> None:
    record(alice, "req_1")
    record(bob, "req_2", created_at=NOON + timedelta(hours=1))
    record(bob, "req_3", created_at=NOON + timedelta(days=1), model="acme/x")
    record(bob, "req_4", key_id=None)

    def groups(by: str) -> list[tuple[Any, ...]]:
        data = alice.api.get(f"{URL}&group_by={by}").json()["data"]
        return [(*(line[name] for name in by.split(",")), line["requests"]) for line in data]

    assert groups("day") == [("2026-11-20", 3), ("2026-11-21", 1)]
    assert groups("hour") == [
        ("2026-11-20T12:00:00Z", 2),
        ("2026-11-20T13:00:00Z", 1),
        ("2026-11-21T12:00:00Z", 1),
    ]
    assert set(groups("member")) == {("", 1), ("alice@acme.example", 1), ("bob@acme.example", 2)}
    assert set(groups("key")) == {("", 1), (alice.key.prefix, 1), (bob.key.prefix, 2)}
    assert ("acme/x", "2026-11-21", 1) in groups("model,day")
    assert alice.api.get(f"{URL}&group_by=").json()["data"][0]["requests"] == 4


@pytest.mark.parametrize("start", ["2026-11-01", "2026-11-20T12:15:00Z"])  # by hours, by records
def test_filters(alice: Any, bob: Any, start: str, error_of: Any) -> None:
    base = BaseModel.objects.create(name="base", revision="1", config={}, context_length=1)
    adapter = Adapter.objects.create(account=alice.account, name="support", base=base)
    first, second = (Version.objects.create(adapter=adapter, number=n) for n in (1, 2))
    robot = ServiceAccount.objects.create(account=alice.account, name="robot", role="developer")
    record(alice, "req_1")
    record(alice, "req_2", model="acme/support@1", version_id=first.pk)
    record(bob, "req_3", model="acme/support", version_id=second.pk)
    key = key_create(
        account=alice.account, name="r", scopes=["inference"], created_by=alice.user,
        service_account=robot,
    ).key  # fmt: skip
    record(alice, "req_4", key_id=key.pk)

    def found(query: str) -> Any:
        answer = alice.api.get(f"/v1/usage?start={start}&end=2026-11-20T12:45:00Z&{query}")
        assert answer.status_code == 200, answer.json()
        return answer.json()["total"]["requests"]

    assert found("") == 4
    assert found("model=tiny") == 2
    assert found("adapter=acme/support") == found("adapter=support") == 2
    assert found("adapter=other/support") == 0
    assert found("version=acme/support@2") == 1
    assert found(f"key={bob.key.pk}") == 1
    assert found("member=bob@acme.example") == 1
    assert found("member=service:robot") == 1
    assert found("member=alice@acme.example") == 2  # the robot's key is not hers
    assert found(f"key={alice.key.pk}&adapter=acme/support") == 1
    by = alice.api.get(f"{URL}&group_by=adapter").json()["data"]
    assert [(row["adapter"], row["requests"]) for row in by] == [("", 2), ("acme/support", 2)]
    text = alice.api.get(f"{URL}&group_by=model&version=acme/support@2&format=csv")
    lines = text.getvalue().decode().splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [["acme/support", "1"]]
    bad = alice.api.get(f"{URL}&version=support")
    assert (bad.status_code, error_of(bad)) == (400, "invalid_request")


def test_versions_have_their_names(alice: Any) -> None:
    from motet_platform.adapters.models import Adapter, Version
    from motet_platform.catalog.models import BaseModel

    base = BaseModel.objects.create(name="tiny", revision="1", config={}, context_length=1)
    adapter = Adapter.objects.create(account=alice.account, name="support", base=base)
    version = Version.objects.create(adapter=adapter, number=3)
    record(alice, "req_1", version_id=version.pk, model="acme/support:prod")
    record(alice, "req_2")
    data = alice.api.get(f"{URL}&group_by=version").json()["data"]
    assert {line["version"] for line in data} == {"acme/support@3", ""}


def test_csv(alice: Any, error_of: Any) -> None:
    record(alice, "req_1")
    for answer in (
        alice.api.get(f"{URL}&group_by=day,model&format=csv"),
        alice.api.get(f"{URL}&group_by=day,model", HTTP_ACCEPT="text/csv"),
    ):
        assert answer.headers["content-type"].startswith("text/csv")
        lines = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
        assert lines == [
            {"day": "2026-11-20", "model": "tiny", "requests": "1", "prompt_tokens": "100",
             "cached_tokens": "40", "completion_tokens": "7", "cost": "0.0000094"}
        ]  # fmt: skip
    empty = alice.api.get("/v1/usage?start=2020-01-01&end=2020-02-01&format=csv")
    assert empty.getvalue().decode().startswith("model,requests,")
    wrong = alice.api.get("/v1/usage?group_by=colour&format=csv")
    assert wrong.headers["content-type"] == "application/json"
    assert (wrong.status_code, error_of(wrong)) == (400, "invalid_request")


def test_the_end_is_not_included(alice: Any) -> None:
    record(alice, "req_1", created_at=datetime(2026, 11, 20, tzinfo=UTC))
    requests = [
        alice.api.get(f"/v1/usage?start={a}&end={b}").json()["total"]["requests"]
        for a, b in [
            ("2026-11-19", "2026-11-20"),
            ("2026-11-20", "2026-11-21"),
            ("2026-11-20T00:00:00Z", "2026-11-20T00:00:01Z"),
            ("2026-11-20T01:00:00%2B01:00", "2026-11-21"),
            ("2026-11-20T00:00:00.000001Z", "2026-11-21"),
            ("2026-11-20", "9999-12-31"),
        ]
    ]
    assert requests == [0, 1, 1, 1, 0, 1]


@pytest.mark.parametrize(
    "query",
    [
        "start=yesterday",
        "start=2026-13-01",
        "start=2026-11-02&end=2026-11-01",
        "group_by=account",
        "group_by=model;drop",
        "end=0",
        "start=9999-12-31T23:30:00Z&end=9999-12-31T23:59:00Z",
    ],
)
def test_bad_queries(query: str, alice: Any, error_of: Any) -> None:
    answer = alice.api.get(f"/v1/usage?{query}")
    assert (answer.status_code, error_of(answer)) == (400, "invalid_request")


def test_too_many_rows(alice: Any, error_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("motet_platform.metering.selectors.MAX_ROWS", 1)
    record(alice, "req_1")
    record(alice, "req_2", model="other")
    assert error_of(alice.api.get(URL)) == "usage_too_large"


def test_a_stranger_sees_nothing(alice: Any, bob: Any, charlie: Any, error_of: Any) -> None:
    record(alice, "req_1")
    assert charlie.api.get(URL).json()["data"] == []
    assert bob.api.get(URL).json()["total"]["requests"] == 1
    price_set(sku="tiny", input=1, cached_input=1, output=1)
    theirs = charlie.api.get("/v1/receipts/req_1")
    assert (theirs.status_code, error_of(theirs)) == (404, "receipt_not_found")
    assert theirs.json() == charlie.api.get("/v1/receipts/req_none").json()


def test_receipt(alice: Any) -> None:
    price = price_set(sku="tiny", input=100_000, cached_input=50_000, output=200_000)
    record(alice, "req_1", price_version_id=price.pk, ttft_ms=12)
    body = alice.api.get("/v1/receipts/req_1").json()
    assert body["cost"] == "0.0000094"
    assert body["price"].pop("valid_from")
    assert body["price"] == {
        "version": price.pk, "input": "0.10", "cached_input": "0.05", "output": "0.20",
    }  # fmt: skip
    assert body["hold"] is None
    assert (body["model"], body["version"], body["ttft_ms"]) == ("tiny", None, 12)
    assert body["key"] == alice.key.prefix


def test_receipt_says_how_the_hold_ended(alice: Any, serve: Any) -> None:
    serve("req_1")
    hold = alice.api.get("/v1/receipts/req_1").json()["hold"]
    assert hold["settled_at"] > hold["opened_at"]
    assert (hold["amount"], hold["state"]) == ("0.00000001", "captured")
    assert hold["captured"] == alice.api.get("/v1/receipts/req_1").json()["cost"] == "0.000000002"
    (line, *_) = alice.api.get("/v1/billing/ledger").json()["data"]
    assert (line["kind"], line["request_id"], line["amount"]) == (
        "capture", "req_1", "-0.000000002",
    )  # fmt: skip
    (lot,) = line["lots"]
    assert lot["lot"] == alice.api.get("/v1/billing/balance").json()["lots"][0]["id"]


def test_any_span_is_exact(alice: Any) -> None:
    """Whole hours from their sums, the rest from the records: together what the records say."""
    random = Random(7)
    times = [NOON + timedelta(minutes=random.uniform(-300, 300)) for _ in range(60)]
    times += [NOON.replace(minute=0), NOON.replace(minute=0) + timedelta(hours=1)]
    for number, at in enumerate(times):
        record(alice, f"req_{number}", created_at=at, model=f"m{number % 3}")
    spans = [sorted(random.sample(times, 2)) for _ in range(30)]
    spans += [(NOON, NOON + timedelta(minutes=1)), (NOON, NOON + timedelta(minutes=30))]
    for start, end in spans:
        rows = usage_rows(alice.account, start=start, end=end, groups=["model", "hour"])
        found = {(row["model"], row["hour"]): row["requests"] for row in rows}
        expected = Counter(
            (f"m{number % 3}", at.replace(minute=0, second=0, microsecond=0))
            for number, at in enumerate(times)
            if start <= at < end
        )
        shown = {(m, f"{at:%Y-%m-%dT%H:%M:%SZ}"): count for (m, at), count in expected.items()}
        assert found == shown
        total = usage_rows(alice.account, start=start, end=end, groups=[])
        assert sum(row["requests"] for row in total) == expected.total()


async def test_csv_streams_under_asgi(alice: Any, transactional_db: None) -> None:
    from asgiref.sync import sync_to_async
    from django.db import connections
    from django.test import AsyncClient

    def fill() -> None:
        for number in range(1200):
            record(alice, f"req_{number}", model=f"m{number}")

    await sync_to_async(fill)()
    answer = await AsyncClient().get(
        f"{URL}&format=csv", headers={"authorization": f"Bearer {alice.secret}"}
    )
    assert answer.is_async
    pieces = [piece async for piece in answer]
    assert len(pieces) == 3
    await sync_to_async(connections.close_all)()  # that thread's own
    lines = b"".join(pieces).decode().splitlines()
    assert len(lines) == 1201 and len(set(lines)) == 1201


def test_exports_at_once_are_few(
    alice: Any, charlie: Any, error_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export keeps its connection until it is read; whoever reads none keeps few."""
    from motet_platform.api import csv_stream
    from motet_platform.api.seats import Exports

    monkeypatch.setattr(csv_stream, "_exports", Exports(limit=2))
    open_ones = [alice.api.get(f"{URL}&format=csv") for _ in range(2)]
    refused = alice.api.get(f"{URL}&format=csv")
    assert (refused.status_code, error_of(refused)) == (429, "too_many_exports")
    assert int(refused.headers["retry-after"]) > 0
    assert charlie.api.get(f"{URL}&format=csv").status_code == 200
    assert alice.api.get(URL).status_code == 200
    open_ones[0].getvalue()  # read to its end
    assert alice.api.get(f"{URL}&format=csv").status_code == 200
    bad = [alice.api.get(f"{URL}&format=csv&group_by=x").status_code for _ in range(3)]
    assert bad == [400] * 3


def test_scope(alice: Any, error_of: Any) -> None:
    answer = alice.with_key(scopes=["inference", "billing"]).api.get("/v1/usage")
    assert (answer.status_code, error_of(answer)) == (403, "missing_scope")


async def test_the_sink_writes_each_request_once(alice: Any, transactional_db: None) -> None:
    words = connection.get_connection_params()
    known = ("dbname", "user", "password", "host", "port")
    async with await psycopg.AsyncConnection.connect(
        **{k: words[k] for k in known if words.get(k)}
    ) as conn:
        await usage_insert(conn, [row(alice, "req_1"), row(alice, "req_2")])
        await usage_insert(conn, [row(alice, "req_2", cost=1), row(alice, "req_3", fault="x")])
        await usage_insert(conn, [])
        cursor = await conn.execute(
            "SELECT request_id, cost, fault FROM metering_usagerecord ORDER BY 1"
        )
        assert await cursor.fetchall() == [
            ("req_1", 9_400_000, ""),
            ("req_2", 9_400_000, ""),
            ("req_3", 9_400_000, "x"),
        ]
        await conn.commit()


def test_columns_of_the_sink_are_those_of_the_table() -> None:
    columns = {field.column for field in UsageRecord._meta.concrete_fields}
    assert columns == set(UsageRow.__struct_fields__)


def test_a_released_hold_has_no_record(alice: Any) -> None:
    from motet_billing.services import ExpiredHold
    from motet_platform.metering.services import expired_hold_record

    hold = ExpiredHold(
        request_id="req_1", wallet_id=1, price_version_id=1, context={}, prompt_tokens=0,
        cached_tokens=0, completion_tokens=0, cost=0, fault="gateway_crash", opened_at=NOON,
    )  # fmt: skip
    expired_hold_record(hold)
    assert not UsageRecord.objects.exists()
