"""Streams beyond the usual: silence, slow readers, shutdown, and what the books say of them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

MESSAGES: Any = [{"role": "user", "content": "My secret is plum pudding."}]


async def test_comments_fill_a_long_silence(
    gateways: Any, worker: Any, alice: Any, base: str, parse_events: Any
) -> None:
    spoken = asyncio.Event()

    async def slow(run: Any) -> None:
        run.accept(7)
        await spoken.wait()
        await worker.usual(run)

    worker.script = slow
    async with gateways([worker], keep_alive_s=0.05) as gateway, gateway.http(alice) as http:
        body = {"model": base, "messages": MESSAGES, "stream": True, "max_tokens": 2}
        async with http.stream("POST", "/v1/chat/completions", json=body) as answer:
            # The headers come with the first comment, long before the first token.
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            spoken.set()
            text = (await answer.aread()).decode()
    events = parse_events(text)
    assert events.comments >= 1
    assert events.done
    assert events.chunks[-1]["usage"]["completion_tokens"] == 2


async def test_a_failure_after_comments_is_an_event_and_free(
    gateways: Any, worker: Any, alice: Any, base: str, tables: Any, parse_events: Any
) -> None:
    refused = asyncio.Event()

    async def refuse(run: Any) -> None:
        await refused.wait()
        run.fail("adapter_unavailable", "It cannot be fetched.")

    worker.script = refuse
    async with gateways([worker], keep_alive_s=0.05) as gateway, gateway.http(alice) as http:
        body = {"model": base, "messages": MESSAGES, "stream": True}
        async with http.stream("POST", "/v1/chat/completions", json=body) as answer:
            refused.set()
            events = parse_events((await answer.aread()).decode())
    assert events.chunks[-1]["error"]["code"] == "adapter_unavailable"
    assert events.chunks[-1]["usage"]["total_tokens"] == 0
    assert tables.usage(answer.headers["x-request-id"])["cost"] == 0


async def test_a_reader_that_takes_nothing_is_cut_and_pays_for_what_it_took(
    gateways: Any, worker: Any, alice: Any, base: str, tables: Any
) -> None:
    async def flood(run: Any) -> None:
        run.accept(7)
        done = 0
        while not run.cancelled.is_set():
            done += 1
            run.delta("x" * 10_000, done)
            await asyncio.sleep(0)
            if done >= 1000:
                await run.cancelled.wait()
        run.fail("cancelled")

    worker.script = flood
    async with gateways([worker], send_s=0.3) as gateway:
        host, port = gateway.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        body = json.dumps(
            {"model": base, "messages": MESSAGES, "stream": True, "max_tokens": 1000}
        ).encode()
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %b\r\n"
            b"content-length: %d\r\n\r\n%b" % (alice.key.encode(), len(body), body)
        )
        async with asyncio.timeout(20):
            await worker.began.wait()
            await worker.runs[0].cancelled.wait()
        writer.close()
    # The gateway has ended, and so has its last settlement.
    (row,) = tables.rows("SELECT * FROM metering_usagerecord")
    assert (row["status"], row["finish_reason"]) == (499, "cancelled")
    assert 0 < row["completion_tokens"] < 1000
    assert row["cost"] == 7 * 100_000 + row["completion_tokens"] * 200_000
    assert reader is not None


async def test_pieces_are_merged_while_the_socket_is_behind(
    gateway: Any, worker: Any, alice: Any, base: str, parse_events: Any
) -> None:
    async def burst(run: Any) -> None:
        run.accept(7)
        for i in range(200):
            run.delta(f"{i} ", i + 1)  # all in one message of the session
        await worker.usual(run)

    worker.script = burst
    async with gateway.http(alice) as http:
        answer = await http.post(
            "/v1/chat/completions",
            json={"model": base, "messages": MESSAGES, "stream": True, "max_tokens": 1},
        )
    events = parse_events(answer.text)
    text = "".join(c["choices"][0]["delta"].get("content", "") for c in events.chunks)
    assert text.startswith("".join(f"{i} " for i in range(200)))
    assert len(events.chunks) < 50


@pytest.mark.parametrize("stream", [False, True])
async def test_shutdown_ends_what_is_open_and_settles_it(
    gateways: Any, worker: Any, script: Any, alice: Any, base: str, tables: Any,
    parse_events: Any, stream: bool,
) -> None:  # fmt: skip
    worker.script = script(tokens=100_000, pause=0.002)
    async with gateways([worker]) as gateway:
        gateway.server.config.timeout_graceful_shutdown = 0
        http = gateway.http(alice)
        body = {"model": base, "messages": MESSAGES, "stream": stream}
        request = asyncio.create_task(http.post("/v1/chat/completions", json=body))
        async with asyncio.timeout(20):
            await worker.began.wait()
            await asyncio.sleep(0.1)
    answer = await request
    row = tables.usage(answer.headers["x-request-id"])
    assert (row["status"], row["finish_reason"]) == (503, "cancelled")
    if stream:
        error = parse_events(answer.text).chunks[-1]
        assert error["error"]["code"] == "shutdown"
        assert error["usage"]["completion_tokens"] == row["completion_tokens"] > 0
    else:
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "shutdown")
        assert row["cost"] == 0
    assert tables.hold(row["request_id"])["state"] == ("captured" if stream else "released")


async def test_log_and_metrics_name_no_secret(
    gateway: Any, alice: Any, base: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async with gateway.http(alice) as http:
        body = {"model": base, "messages": MESSAGES, "max_tokens": 3}
        answer = await http.post("/v1/chat/completions", json=body)
        await http.post("/v1/chat/completions", json={"model": base, "messages": 5})
        page = (await http.get("/metrics")).text
    log = capfd.readouterr().err
    lines = [json.loads(line) for line in log.splitlines() if line.startswith('{"request_id"')]
    assert lines[0]["request_id"] == answer.headers["x-request-id"]
    assert (lines[0]["status"], lines[0]["completion_tokens"]) == (200, 3)
    assert lines[0]["cost"] == 7 * 100_000 + 3 * 200_000
    assert (lines[1]["status"], lines[1]["code"]) == (400, "invalid_request")
    for secret in ("plum", "w0", alice.key, alice.key[:15]):
        assert secret not in log
        assert secret not in page
    assert alice.slug not in page
    assert 'motet_gateway_tokens_total{kind="completion"} 3.0' in page
    assert "motet_gateway_workers_ready 1.0" in page
