"""/v1/requests and /v1/stats: single requests by filter and page, and their figures by time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from motet_platform.adapters.models import Adapter, Version
from motet_platform.catalog.models import BaseModel
from motet_platform.metering.models import UsageRecord

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
DAY = "start=2026-11-20&end=2026-11-21"


def record(person: Any, number: int, **fields: Any) -> UsageRecord:
    values: dict[str, Any] = {
        "account": person.account, "key": person.key, "model": "tiny", "base": "tiny",
        "endpoint": "chat.completions", "status": 200, "finish_reason": "stop", "streamed": True,
        "prompt_tokens": 100, "cached_tokens": 40, "completion_tokens": 7, "price_version_id": 1,
        "cost": 9_400_000, "ttft_ms": 20, "created_at": NOON + timedelta(seconds=number),
    }  # fmt: skip
    return UsageRecord.objects.create(request_id=f"req_{number:03}", **(values | fields))


def ids(person: Any, query: str = "") -> list[str]:
    answer = person.api.get(f"/v1/requests?{query}")
    assert answer.status_code == 200, answer.json()
    return [row["request_id"] for row in answer.json()["data"]]


class TestRequests:
    def test_it_works(self, alice: Any) -> None:
        record(alice, 1)
        record(alice, 2, status=503, finish_reason="error", ttft_ms=None)
        body = alice.api.get("/v1/requests").json()
        assert [row["request_id"] for row in body["data"]] == ["req_002", "req_001"]
        assert (body["has_more"], body["next"]) == (False, None)
        assert body["data"][1] == {
            "request_id": "req_001", "created_at": "2026-11-20T12:30:01Z", "model": "tiny",
            "base_model": "tiny", "version": None, "key": alice.key.prefix,
            "key_name": alice.key.name,
            "key_id": alice.key.pk, "member": "alice@acme.example",
            "endpoint": "chat.completions", "status": 200, "finish_reason": "stop",
            "streamed": True, "prompt_tokens": 100, "cached_tokens": 40, "completion_tokens": 7,
            "cost": "0.0000094", "fault": "", "ttft_ms": 20, "duration_ms": None,
        }  # fmt: skip

    def test_filters(self, alice: Any, bob: Any) -> None:
        base = BaseModel.objects.create(name="tiny", revision="1", config={}, context_length=1)
        adapter = Adapter.objects.create(account=alice.account, name="support", base=base)
        version = Version.objects.create(adapter=adapter, number=3)
        record(alice, 1)
        record(bob, 2, model="acme/support", version=version)
        record(alice, 3, status=503)
        record(alice, 4, status=499)
        assert ids(alice, "model=acme/support") == ["req_002"]
        assert ids(alice, "version=acme/support@3") == ["req_002"]
        assert ids(alice, "version=support@3") == ["req_002"]
        assert ids(alice, "version=acme/support@4") == []
        assert ids(alice, "version=other/support@3") == []
        assert ids(alice, f"key={bob.key.pk}") == ["req_002"]
        assert ids(alice, "member=bob@acme.example") == ["req_002"]
        assert ids(alice, "status=error") == ["req_003"]
        assert ids(alice, "status=ok") == ["req_004", "req_002", "req_001"]
        assert ids(alice, "status=499") == ["req_004"]
        assert ids(alice, "start=2026-11-20T12:30:03Z") == ["req_004", "req_003"]
        assert ids(alice, "end=2026-11-20T12:30:03Z") == ["req_002", "req_001"]
        assert ids(alice, f"status=ok&key={alice.key.pk}") == ["req_004", "req_001"]

    def test_pages_with_equal_times(self, alice: Any) -> None:
        for number in range(7):
            record(alice, number, created_at=NOON + timedelta(seconds=number // 3))
        seen, after = [], ""
        while after is not None:
            body = alice.api.get(f"/v1/requests?limit=2{after and '&after='}{after}").json()
            seen += [row["request_id"] for row in body["data"]]
            after = body["next"]
        assert seen == [f"req_{number:03}" for number in reversed(range(7))]

    def test_a_stranger_sees_nothing(self, alice: Any, charlie: Any) -> None:
        record(alice, 1)
        assert ids(charlie) == []
        assert ids(charlie, f"key={alice.key.pk}") == []

    @pytest.mark.parametrize(
        "query",
        [
            "after=x",
            "after=1.",
            "status=7",
            "key=x",
            "limit=0",
            "limit=201",
            "version=x",
            "start=x",
        ],
    )
    def test_bad_queries(self, query: str, alice: Any, error_of: Any) -> None:
        answer = alice.api.get(f"/v1/requests?{query}")
        assert answer.status_code == 400
        assert error_of(answer) == "invalid_request"


class TestStats:
    def stats(self, person: Any, query: str = DAY) -> Any:
        answer = person.api.get(f"/v1/stats?{query}")
        assert answer.status_code == 200, answer.json()
        return answer.json()

    def test_it_works(self, alice: Any) -> None:
        for number, ttft in enumerate((10, 20, 30, 40, 1000)):
            record(alice, number, ttft_ms=ttft)
        record(alice, 9, status=500, ttft_ms=None, created_at=NOON + timedelta(hours=2))
        body = self.stats(alice)
        assert len(body["data"]) == 24
        by_time = {row.pop("time"): row for row in body["data"]}
        assert by_time["2026-11-20T12:00:00Z"] == {
            "requests": 5, "errors": 0, "prompt_tokens": 500, "cached_tokens": 200,
            "completion_tokens": 35, "cost": "0.000047", "ttft_p50_ms": 30, "ttft_p95_ms": 808,
        }  # fmt: skip
        assert by_time["2026-11-20T13:00:00Z"] == {
            "requests": 0, "errors": 0, "prompt_tokens": 0, "cached_tokens": 0,
            "completion_tokens": 0, "cost": "0.00", "ttft_p50_ms": None, "ttft_p95_ms": None,
        }  # fmt: skip
        assert by_time["2026-11-20T14:00:00Z"]["errors"] == 1
        assert body["total"]["requests"] == 6 and body["total"]["errors"] == 1
        assert body["total"]["ttft_p50_ms"] == 30

    def test_days(self, alice: Any) -> None:
        record(alice, 1)
        record(alice, 2, created_at=NOON + timedelta(days=1))
        rows = self.stats(alice, "start=2026-11-19&end=2026-11-22&bucket=day")["data"]
        assert [(row["time"], row["requests"]) for row in rows] == [
            ("2026-11-19T00:00:00Z", 0), ("2026-11-20T00:00:00Z", 1), ("2026-11-21T00:00:00Z", 1),
        ]  # fmt: skip

    def test_the_ends_are_exact(self, alice: Any) -> None:
        for number in range(4):
            record(alice, number)
        query = "start=2026-11-20T12:30:01Z&end=2026-11-20T12:30:03Z"
        body = self.stats(alice, query)
        assert [row["requests"] for row in body["data"]] == [2]
        assert body["total"]["requests"] == 2

    def test_sums_agree_with_the_list(self, alice: Any, bob: Any) -> None:
        record(alice, 1)
        record(bob, 2, model="other", completion_tokens=11)
        for query in ("", "&model=other", f"&key={bob.key.pk}"):
            rows = alice.api.get(f"/v1/requests?{DAY}{query}").json()["data"]
            body = self.stats(alice, DAY + query)
            for total in (
                sum(r["completion_tokens"] for r in body["data"]),
                body["total"]["completion_tokens"],
            ):
                assert total == sum(row["completion_tokens"] for row in rows) > 0

    def test_nothing_at_all(self, alice: Any) -> None:
        body = self.stats(alice, "")
        assert 24 <= len(body["data"]) <= 25
        assert body["total"]["requests"] == 0

    def test_a_stranger_sees_nothing(self, alice: Any, charlie: Any) -> None:
        record(alice, 1)
        assert self.stats(charlie)["total"]["requests"] == 0

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("bucket=minute", "invalid_request"),
            ("start=2026-11-21&end=2026-11-20", "invalid_request"),
            ("start=2020-01-01&end=2026-01-01", "too_many_buckets"),
        ],
    )
    def test_bad_queries(self, query: str, code: str, alice: Any, error_of: Any) -> None:
        answer = alice.api.get(f"/v1/stats?{query}")
        assert (answer.status_code, error_of(answer)) == (400, code)
