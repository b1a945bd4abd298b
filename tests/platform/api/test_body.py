"""Bodies under ASGI: pulled as they are read, bounded, and refused without being stored."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from motet_platform.adapters.models import Version
from motet_platform.adapters.testing import TINY_BASE, good
from motet_platform.supervisor.testing import until

pytestmark = pytest.mark.django_db(transaction=True)

Reply = tuple[int, dict[str, Any], int]


@pytest.fixture
def call() -> Callable[..., Awaitable[Reply]]:
    """call(method, path, chunks, headers) -> status, JSON, how many chunks were taken."""
    from motet_platform.asgi import application

    async def send(
        method: str,
        path: str,
        chunks: Iterable[bytes],
        *,
        handler: Any = application,
        go_on: asyncio.Event | None = None,
        **headers: str,
    ) -> Reply:
        """With `go_on`, the first chunk alone comes before it is set."""
        pending = list(chunks)
        total = len(pending)
        status, body = 0, b""

        async def receive() -> dict[str, Any]:
            if go_on is not None and len(pending) < total:
                await go_on.wait()
            if not pending:
                return {"type": "http.disconnect"}
            chunk = pending.pop(0)
            return {"type": "http.request", "body": chunk, "more_body": bool(pending)}

        async def answer(message: Any) -> None:
            nonlocal status, body
            status = message.get("status", status)
            body += message.get("body", b"")

        scope = {
            "type": "http", "http_version": "1.1", "method": method, "path": path,
            "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http",
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
            "headers": [(b"host", b"127.0.0.1")]
            + [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
        }  # fmt: skip
        await handler(scope, receive, answer)
        return status, json.loads(body) if body else {}, total - len(pending)

    return send


@pytest.fixture
def adapter(alice: Any, store: Any) -> None:
    from motet_platform.catalog.models import BaseModel

    BaseModel.objects.create(name="tiny", revision="1", config=TINY_BASE, context_length=256)
    body = {"name": "support", "base_model": "tiny"}
    assert alice.api.post("/v1/adapters", body, format="json").status_code == 201


def count_versions() -> int:
    """In a thread of its own, whose connection nobody else would close."""
    try:
        return Version.objects.count()
    finally:
        connection.close()


def form() -> bytes:
    files = good()
    head = '--XX\r\nContent-Disposition: form-data; name="%s"; filename="f"\r\n\r\n'
    parts = (("adapter_config", files.config), ("adapter_model", files.model))
    body = b"".join((head % name).encode() + data + b"\r\n" for name, data in parts)
    return body + b"--XX--\r\n"


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


def headers_of(person: Any, body: bytes, kind: str) -> dict[str, str]:
    return {
        "authorization": f"Bearer {person.secret}",
        "content_type": kind,
        "content_length": str(len(body)),
    }


FORM = "multipart/form-data; boundary=XX"
VERSIONS = "/v1/adapters/support/versions"


async def test_an_upload_in_small_pieces(alice: Any, adapter: None, call: Any) -> None:
    body = form()
    status, shown, _ = await call(
        "POST", VERSIONS, pieces(body, 333), **headers_of(alice, body, FORM)
    )
    assert (status, shown["state"]) == (202, "validating")


async def test_a_json_body(alice: Any, call: Any) -> None:
    body = json.dumps({"name": "by asgi"}).encode()
    status, shown, _ = await call(
        "POST", "/v1/keys", pieces(body, 5), **headers_of(alice, body, "application/json")
    )
    assert (status, shown["name"]) == (201, "by asgi")


async def test_nothing_is_taken_from_a_stranger(charlie: Any, adapter: None, call: Any) -> None:
    body = form()
    for headers in (
        headers_of(charlie, body, FORM),
        {**headers_of(charlie, body, FORM), "authorization": "Bearer x"},
    ):
        status, _, taken = await call("POST", VERSIONS, pieces(body, 333), **headers)
        assert status in (401, 404)
        assert taken == 0


async def test_an_endless_json_body_is_cut(alice: Any, call: Any) -> None:
    chunk = b'"' + b"x" * 65536
    headers = headers_of(alice, b"", "application/json") | {"content_length": "1000"}
    status, shown, taken = await call("POST", "/v1/keys", [chunk] * 100, **headers)
    assert (status, shown["error"]["code"]) == (413, "payload_too_large")
    assert taken < 20


async def test_a_client_that_goes_away_leaves_nothing(
    alice: Any, adapter: None, call: Any, store: Any
) -> None:
    body = form()
    status, shown, _ = await call("POST", VERSIONS, [], **headers_of(alice, body, FORM))
    assert (status, shown["error"]["code"]) == (400, "upload_incomplete")
    assert await sync_to_async(count_versions)() == 0
    assert [p for p in store.parent.rglob("*") if p.is_file()] == []


async def test_a_form_of_another_kind_of_page(call: Any) -> None:
    status, shown, _ = await call("POST", "/v1/nothing", [b"x"])
    assert (status, shown["error"]["code"]) == (404, "unknown_url")


def count_connections() -> int:
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            )
            return int(cursor.fetchone()[0])
    finally:
        connection.close()


async def test_slow_clients_hold_neither_seats_nor_connections(
    alice: Any, charlie: Any, adapter: None, call: Any
) -> None:
    from motet_platform.api.body import StreamingHandler

    handler, go_on = StreamingHandler(seats=2), asyncio.Event()
    before = await sync_to_async(count_connections)()
    body = json.dumps({"name": "slow"}).encode()
    headers = headers_of(alice, body, "application/json")
    slow = [
        asyncio.create_task(
            call("POST", "/v1/keys", pieces(body, 5), handler=handler, go_on=go_on, **headers)
        )
        for _ in range(6)
    ]
    upload = form()
    slow.append(
        asyncio.create_task(
            call(
                "POST", VERSIONS, pieces(upload, 4000), handler=handler, go_on=go_on,
                **headers_of(alice, upload, FORM),
            )
        )
    )  # fmt: skip
    for _ in range(3):  # behind all of these
        status, _, _ = await call(
            "GET", "/v1/keys", [b""], handler=handler, authorization=f"Bearer {charlie.secret}"
        )
        assert status == 200
    few = lambda: count_connections() <= before  # noqa: E731
    await sync_to_async(until)(few, "the slow ones' connections to be closed")
    assert not any(task.done() for task in slow)
    go_on.set()
    statuses = [status for status, _, _ in await asyncio.gather(*slow)]
    assert statuses == [201] * 6 + [202]
    # Every seat is there again.
    assert not handler._seats.locked() and handler._seats._value == 2


async def test_a_client_that_reads_no_more_is_left(
    alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from motet_platform.api import body
    from motet_platform.api.body import StreamingHandler

    monkeypatch.setattr(body, "IDLE_SECONDS", 0.05)
    handler = StreamingHandler(seats=1)
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "path": "/v1/usage",
        "raw_path": b"/v1/usage", "query_string": b"format=csv", "root_path": "", "scheme": "http",
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
        "headers": [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {alice.secret}".encode())],
    }  # fmt: skip
    started = asyncio.Event()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def never(message: Any) -> None:
        started.set()
        await asyncio.Event().wait()

    async with asyncio.timeout(20):
        await handler(scope, receive, never)
    assert started.is_set()
    assert handler._seats._value == 1
    from motet_platform.api.csv_stream import _exports

    assert not _exports._running
