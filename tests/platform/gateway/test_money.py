"""Holds that grow with the answer, and what is charged when it ends before its time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import openai
import pytest
from motet_inference.rpc import worker_pb2 as pb

MESSAGES: Any = [{"role": "user", "content": "Say something."}]
PICO = 10**12


def cost(prompt: int, completion: int) -> int:
    return prompt * 100_000 + completion * 200_000


async def settled(tables: Any, request_id: str) -> Any:
    """The usage record, which comes with the settlement; for answers that nobody reads."""
    for _ in range(600):
        query = "SELECT * FROM metering_usagerecord WHERE request_id = %s"
        if rows := tables.rows(query, request_id):
            return rows[0]
        await asyncio.sleep(0.01)
    raise AssertionError("never settled")


def wallet(tables: Any, tenant: Any) -> Any:
    return tables.rows("SELECT * FROM billing_wallet WHERE id = %s", tenant.wallet_id)[0]


async def test_a_long_answer_extends_its_hold(
    gateway: Any, worker: Any, alice: Any, base: str, tables: Any
) -> None:
    async with gateway.client(alice) as client:
        raw = await client.chat.completions.with_raw_response.create(
            model=base, messages=MESSAGES, max_tokens=3000
        )
    assert raw.parse().usage.completion_tokens == 3000
    run = worker.runs[0]
    assert run.submit.output_budget == 1024
    assert [(e.output_budget, e.last) for e in run.extends] == [(2048, False), (3000, True)]
    assert all(e.prompt_budget == 7 for e in run.extends)
    hold = tables.hold(raw.headers["x-request-id"])
    assert hold["amount"] == cost(7, 3000)
    assert hold["captured"] == cost(7, 3000)
    assert wallet(tables, alice)["reserved"] == 0


async def test_an_extension_records_what_was_delivered_by_then(
    gateway: Any, worker: Any, script: Any, alice: Any, base: str, tables: Any
) -> None:
    worker.script = script(pause=0.0005)
    async with gateway.client(alice) as client:
        stream = await client.chat.completions.create(
            model=base, messages=MESSAGES, max_tokens=1100, stream=True
        )
        async for _ in stream:
            pass
    hold = tables.hold(stream.response.headers["x-request-id"])
    checkpoint = hold["checkpoint"]
    assert checkpoint["prompt_tokens"] == 7
    assert 0 < checkpoint["completion_tokens"] <= 1024
    assert checkpoint["cost"] == cost(7, checkpoint["completion_tokens"])


async def test_a_worker_that_asks_needlessly_costs_no_transaction(
    gateway: Any, worker: Any, alice: Any, base: str, tables: Any
) -> None:
    async def ask(run: Any) -> None:
        run.low(prompt_needed=0, output_used=0)
        await run.extended()
        await worker.usual(run)

    worker.script = ask
    async with gateway.client(alice) as client:
        raw = await client.chat.completions.with_raw_response.create(
            model=base, messages=MESSAGES, max_tokens=5
        )
    assert [(e.output_budget, e.last) for e in worker.runs[0].extends] == [(5, True)]
    assert tables.hold(raw.headers["x-request-id"])["checkpoint"] is None


async def test_a_prompt_longer_than_its_estimate(
    gateway: Any, worker: Any, script: Any, alice: Any, base: str, tables: Any
) -> None:
    worker.script = script(prompt=500)
    async with gateway.client(alice) as client:
        raw = await client.chat.completions.with_raw_response.create(
            model=base, messages=MESSAGES, max_tokens=300
        )
    assert worker.runs[0].submit.prompt_budget < 500
    assert worker.runs[0].extends[0].prompt_budget == 500
    assert tables.usage(raw.headers["x-request-id"])["cost"] == cost(500, 300)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_prompt_that_cannot_be_paid_is_402_and_free(
    gateway: Any, worker: Any, script: Any, tenants: Any, base: str, tables: Any, stream: bool
) -> None:
    poor = tenants("poor", credit="0.00001")
    worker.script = script(prompt=500)
    with pytest.raises(openai.APIStatusError) as caught:
        await gateway.client(poor).chat.completions.create(
            model=base, messages=MESSAGES, max_tokens=10, stream=stream
        )
    assert (caught.value.status_code, caught.value.code) == (402, "insufficient_credit")
    assert "add credit" in caught.value.message
    assert wallet(tables, poor)["posted"] == 10_000_000
    assert wallet(tables, poor)["reserved"] == 0


@pytest.mark.parametrize("stream", [False, True])
async def test_credit_that_ends_in_the_middle(
    gateway: Any, worker: Any, tenants: Any, base: str, tables: Any, stream: bool
) -> None:
    # A large max_tokens is let in; the answer ends with the last token that can be paid.
    credit = cost(7, 1500)
    poor = tenants("poor", credit=f"0.{credit:012d}")
    async with gateway.http(poor) as http:
        answer = await http.post(
            "/v1/chat/completions",
            json={"model": base, "messages": MESSAGES, "max_tokens": 10**6, "stream": stream},
        )
    assert answer.status_code == 200
    last = answer.json() if not stream else json.loads(answer.text.split("\n\n")[-3][6:])
    assert last["choices"][0]["finish_reason"] == "length"
    assert last["code"] == "insufficient_credit"
    assert last["usage"]["completion_tokens"] == 1500
    assert wallet(tables, poor)["posted"] == 0
    assert worker.runs[0].extends[-1].last


async def test_failure_after_tokens_charges_what_was_delivered(
    gateway: Any, worker: Any, alice: Any, base: str, tables: Any, parse_events: Any
) -> None:
    async def break_down(run: Any) -> None:
        run.accept(7)
        for i in range(1, 4):
            run.delta(f"w{i} ", i)
        await asyncio.sleep(0.05)
        run.fail("engine_crashed", "The engine crashed.", pb.Usage(completion_tokens=9))

    worker.script = break_down
    async with gateway.http(alice) as http:
        answer = await http.post(
            "/v1/chat/completions", json={"model": base, "messages": MESSAGES, "stream": True}
        )
    events = parse_events(answer.text)
    assert events.done
    error = events.chunks[-1]
    assert error["error"]["code"] == "engine_crashed"
    assert error["choices"][0]["finish_reason"] == "error"
    assert error["usage"]["completion_tokens"] == 3
    assert error["error"]["usage"] == error["usage"]
    row = tables.usage(answer.headers["x-request-id"])
    assert (row["prompt_tokens"], row["completion_tokens"]) == (7, 3)
    assert (row["cost"], row["status"], row["finish_reason"]) == (cost(7, 3), 503, "error")
    assert len(worker.runs) == 1, "what was begun is never repeated"


async def test_worker_killed_in_the_middle(
    gateway: Any, worker: Any, script: Any, alice: Any, base: str, tables: Any
) -> None:
    worker.script = script(tokens=100_000, pause=0.002, prompt=100, cached=64)
    stream = await gateway.client(alice).chat.completions.create(
        model=base, messages=MESSAGES, stream=True
    )
    seen = 0
    with pytest.raises(openai.APIError) as caught:
        async for chunk in stream:
            seen += chunk.choices[0].delta.content.count("w")
            if seen == 20:
                await worker.kill()
    assert caught.value.code == "worker_lost"
    charged = caught.value.body["usage"]
    assert charged["completion_tokens"] == seen
    row = await settled(tables, stream.response.headers["x-request-id"])
    assert (row["cached_tokens"], row["completion_tokens"]) == (64, seen)
    assert row["cost"] == cost(36, seen) + 64 * 50_000
    # And service is back by itself.
    worker.script = script()
    await worker.start()
    async with asyncio.timeout(20):
        await gateway.services.fleet.workers[0].wait_ready()
    await gateway.client(alice).chat.completions.create(model=base, messages=MESSAGES)


async def test_worker_lost_before_the_first_token_is_retried_elsewhere(
    gateways: Any, worker: Any, second_worker: Any, alice: Any, base: str, tables: Any
) -> None:
    async def die(run: Any) -> None:
        run.accept(7)
        fake = worker if run in worker.runs else second_worker
        task = asyncio.create_task(fake.kill())
        fake.tasks.discard(asyncio.current_task())
        await task

    async with gateways([worker, second_worker]) as gateway:
        worker.script = second_worker.script = die
        request = asyncio.create_task(
            gateway.client(alice).chat.completions.with_raw_response.create(
                model=base, messages=MESSAGES, max_tokens=4
            )
        )
        begun = [asyncio.ensure_future(w.began.wait()) for w in (worker, second_worker)]
        await asyncio.wait(begun, return_when=asyncio.FIRST_COMPLETED)
        other = second_worker if worker.runs else worker
        other.script = other.usual
        raw = await request
    assert len(worker.runs) == len(second_worker.runs) == 1
    assert worker.runs[0].submit.request_id == second_worker.runs[0].submit.request_id
    row = tables.usage(raw.headers["x-request-id"])
    assert (row["cost"], row["completion_tokens"]) == (cost(7, 4), 4)


async def test_the_only_worker_is_waited_for(
    gateway: Any, worker: Any, alice: Any, base: str, tables: Any
) -> None:
    async def stall(run: Any) -> None:
        run.accept(7)
        await run.cancelled.wait()

    worker.script = stall
    request = asyncio.create_task(
        gateway.client(alice).chat.completions.create(model=base, messages=MESSAGES, max_tokens=4)
    )
    await worker.began.wait()
    await worker.kill()
    worker.script = worker.usual
    await worker.start()
    answer = await request
    assert answer.usage.completion_tokens == 4
    assert len(worker.runs) == 2


async def test_a_worker_that_never_comes_back(
    gateways: Any, worker: Any, alice: Any, base: str, tables: Any
) -> None:
    async def stall(run: Any) -> None:
        await run.cancelled.wait()

    worker.script = stall
    async with gateways([worker], worker_wait_s=0.3) as gateway:
        request = asyncio.create_task(
            gateway.client(alice).chat.completions.create(model=base, messages=MESSAGES)
        )
        await worker.began.wait()
        await worker.kill()
        with pytest.raises(openai.InternalServerError) as caught:
            await request
    assert caught.value.status_code == 503
    row = tables.usage(caught.value.response.headers["x-request-id"])
    assert (row["cost"], row["status"]) == (0, 503)


async def test_a_client_that_leaves_pays_for_what_it_got(
    gateway: Any, worker: Any, script: Any, alice: Any, base: str, tables: Any
) -> None:
    worker.script = script(tokens=100_000, pause=0.002, cached=4)
    stream = await gateway.client(alice).chat.completions.create(
        model=base, messages=MESSAGES, stream=True
    )
    seen = 0
    async for chunk in stream:
        seen += chunk.choices[0].delta.content.count("w")
        if seen >= 10:
            break
    await stream.close()
    async with asyncio.timeout(10):
        await worker.runs[0].cancelled.wait()
    row = await settled(tables, stream.response.headers["x-request-id"])
    assert (row["status"], row["finish_reason"]) == (499, "cancelled")
    assert row["cached_tokens"] == 4
    # Tokens on their way when the client left were handed to its socket.
    assert seen <= row["completion_tokens"] < 1000
    assert row["cost"] == 3 * 100_000 + 4 * 50_000 + row["completion_tokens"] * 200_000
    assert wallet(tables, alice)["reserved"] == 0


async def test_a_client_that_leaves_before_a_whole_answer_pays_nothing(
    gateway: Any, worker: Any, script: Any, alice: Any, base: str, tables: Any
) -> None:
    worker.script = script(tokens=100_000, pause=0.002)
    request = asyncio.create_task(
        gateway.client(alice).chat.completions.create(model=base, messages=MESSAGES)
    )
    await worker.began.wait()
    request.cancel()
    async with asyncio.timeout(10):
        await worker.runs[0].cancelled.wait()
    row = await settled(tables, worker.runs[0].submit.request_id)
    assert (row["cost"], row["completion_tokens"], row["status"]) == (0, 0, 499)
    assert wallet(tables, alice) | {"posted": 5 * PICO, "reserved": 0} == wallet(tables, alice)


async def test_a_client_that_leaves_while_the_worker_is_silent(
    gateway: Any, worker: Any, alice: Any, base: str, tables: Any
) -> None:
    async def never(run: Any) -> None:
        run.accept(7)
        run.delta("w ", 1)
        await asyncio.Event().wait()  # not even an answer to Cancel

    worker.script = never
    stream = await gateway.client(alice).chat.completions.create(
        model=base, messages=MESSAGES, stream=True
    )
    await anext(aiter(stream))
    await stream.close()
    row = await settled(tables, stream.response.headers["x-request-id"])
    assert row["cost"] in (0, cost(7, 1))
    assert tables.hold(row["request_id"])["state"] in ("captured", "released")


async def test_the_ledger_is_away(
    gateway: Any, worker: Any, alice: Any, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from motet_billing.errors import LedgerUnavailable

    async def away(**_: Any) -> None:
        raise LedgerUnavailable("away")

    monkeypatch.setattr(type(gateway.services.ledger), "hold_open", lambda self, **k: away(**k))
    with pytest.raises(openai.InternalServerError) as caught:
        await gateway.client(alice).chat.completions.create(model=base, messages=MESSAGES)
    assert caught.value.status_code == 503
    assert int(caught.value.response.headers["retry-after"]) > 0
    assert not worker.runs, "nothing is computed that was not held"
