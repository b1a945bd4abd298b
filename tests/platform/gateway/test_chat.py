"""Chat completions through OpenAI's own client: shapes, usage, and what it cost."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import openai
import pytest

MESSAGES: Any = [{"role": "user", "content": "Say something."}]


async def test_answer_in_one_piece(gateway: Any, alice: Any, base: str, tables: Any) -> None:
    async with gateway.client(alice) as client:
        raw = await client.chat.completions.with_raw_response.create(
            model=base, messages=MESSAGES, max_tokens=3
        )
        answer = raw.parse()
    assert answer.object == "chat.completion"
    assert answer.model == base
    (choice,) = answer.choices
    assert choice.message.role == "assistant"
    assert choice.message.content == "w0 w1 w2 "
    assert choice.finish_reason == "length"
    assert answer.usage.prompt_tokens == 7
    assert answer.usage.completion_tokens == 3
    assert answer.usage.total_tokens == 10
    request_id = raw.headers["x-request-id"]
    assert answer.id == "chatcmpl-" + request_id.removeprefix("req_")
    row = tables.usage(request_id)
    assert (row["prompt_tokens"], row["completion_tokens"]) == (7, 3)
    assert row["cost"] == 7 * 100_000 + 3 * 200_000
    assert (row["status"], row["finish_reason"], row["streamed"]) == (200, "length", False)
    assert row["ttft_ms"] is None
    hold = tables.hold(request_id)
    assert (hold["state"], hold["captured"]) == ("captured", row["cost"])


async def test_what_comes_early_of_a_long_answer_is_part_of_the_whole(
    gateway: Any, worker: Any, alice: Any, base: str, tables: Any
) -> None:
    from motet_inference.rpc import worker_pb2 as pb

    def entry(text: str) -> Any:
        return pb.TokenLogprob(token=text, token_bytes=text.encode(), logprob=-0.5)

    async def in_pieces(run: Any) -> None:
        run.accept(7)
        for index, done, text in ((0, 1, "a"), (1, 1, "x"), (0, 2, "b")):
            run.delta(text, done, index, [entry(text)])
            await asyncio.sleep(0.02)
        ends = [
            pb.Choice(index=0, text="c", completion_tokens=3, logprobs=[entry("c")]),
            pb.Choice(index=1, completion_tokens=1),
        ]
        for end in ends:
            end.finish_reason = "stop"
        run.finish(7, ends)

    worker.script = in_pieces
    async with gateway.client(alice) as client:
        raw = await client.chat.completions.with_raw_response.create(
            model=base, messages=MESSAGES, n=2, logprobs=True
        )
    choices = raw.parse().choices
    assert [choice.message.content for choice in choices] == ["abc", "x"]
    told = [[entry.token for entry in choice.logprobs.content] for choice in choices]
    assert told == [["a", "b", "c"], ["x"]]
    assert tables.usage(raw.headers["x-request-id"])["completion_tokens"] == 4


async def test_what_a_lost_try_said_is_not_part_of_the_next(
    gateways: Any, worker: Any, second_worker: Any, alice: Any, base: str, tables: Any
) -> None:
    from motet_inference.rpc import worker_pb2 as pb

    async def in_pieces(run: Any) -> None:
        run.accept(7)
        run.delta("a", 1)
        await asyncio.sleep(0.02)
        if len(worker.runs) + len(second_worker.runs) == 1:
            run.fail("engine_crashed", "The engine crashed.", pb.Usage(completion_tokens=1))
        else:
            run.finish(7, [pb.Choice(text="b", completion_tokens=2, finish_reason="stop")])

    worker.script = second_worker.script = in_pieces
    async with gateways([worker, second_worker]) as gateway:
        raw = await gateway.client(alice).chat.completions.with_raw_response.create(
            model=base, messages=MESSAGES
        )
    assert raw.parse().choices[0].message.content == "ab"
    assert len(worker.runs) + len(second_worker.runs) == 2
    assert tables.usage(raw.headers["x-request-id"])["completion_tokens"] == 2


async def test_a_long_answer_in_pieces_that_fails_costs_nothing(
    gateway: Any, worker: Any, alice: Any, base: str, tables: Any
) -> None:
    async def break_down(run: Any) -> None:
        run.accept(7)
        run.delta("a", 1)
        await asyncio.sleep(0.02)
        run.fail("internal", "The worker failed on this request.")

    worker.script = break_down
    with pytest.raises(openai.InternalServerError) as caught:
        await gateway.client(alice).chat.completions.create(model=base, messages=MESSAGES)
    row = tables.usage(caught.value.response.headers["x-request-id"])
    assert (row["completion_tokens"], row["cost"]) == (0, 0)


async def test_others_go_on_while_many_logprobs_are_written_down(
    gateway: Any, worker: Any, alice: Any, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from motet_inference.rpc import worker_pb2 as pb
    from motet_platform.gateway.chat import ChatShape

    others, write = threading.Event(), ChatShape.whole
    went_on = []

    def slowly(shape: ChatShape, *whole: Any) -> bytes:
        went_on.append(others.wait(5))
        return write(shape, *whole)

    async def spell(run: Any) -> None:
        run.accept(3)
        entry = pb.TokenLogprob(token="x", token_bytes=b"x", logprob=-0.5)
        choice = pb.Choice(finish_reason="stop", text="x" * 501, completion_tokens=501)
        choice.logprobs.extend([entry] * 501)
        run.finish(3, [choice])
        asyncio.get_running_loop().call_later(0.1, others.set)

    monkeypatch.setattr(ChatShape, "whole", slowly)
    worker.script = spell
    answer = await gateway.client(alice).chat.completions.create(
        model=base, messages=MESSAGES, logprobs=True
    )
    assert went_on == [True]
    assert len(answer.choices[0].logprobs.content) == 501


async def test_stream(gateway: Any, alice: Any, base: str, tables: Any) -> None:
    async with gateway.client(alice) as client:
        stream = await client.chat.completions.create(
            model=base,
            messages=MESSAGES,
            max_tokens=4,
            stream=True,
            stream_options={"include_usage": True},
        )
        request_id = stream.response.headers["x-request-id"]
        chunks = [chunk async for chunk in stream]
    assert {chunk.id for chunk in chunks} == {"chatcmpl-" + request_id.removeprefix("req_")}
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == "w0 w1 w2 w3 "
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "length"
    assert [c.usage is not None for c in chunks] == [False] * (len(chunks) - 1) + [True]
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens == 4
    # The end of the stream waits for the settlement, so there is nothing to wait for here.
    row = tables.usage(request_id)
    assert row["cost"] == 7 * 100_000 + 4 * 200_000
    assert row["ttft_ms"] is not None


async def test_a_nucleus_of_nothing_is_the_best_token(
    gateway: Any, worker: Any, alice: Any, base: str
) -> None:
    async with gateway.client(alice) as client:
        await client.chat.completions.create(model=base, messages=MESSAGES, top_p=0, max_tokens=1)
    assert 0 < worker.runs[0].submit.sampling.top_p < 1e-5


async def test_usage_on_the_last_chunk_unless_told_otherwise(
    gateway: Any, alice: Any, base: str, parse_events: Any
) -> None:
    body = {"model": base, "messages": MESSAGES, "max_tokens": 2, "stream": True, "n": 2}
    async with gateway.http(alice) as http:
        said_nothing = await http.post("/v1/chat/completions", json=body)
        body["stream_options"] = {"include_usage": False}
        refused = await http.post("/v1/chat/completions", json=body)
    events = parse_events(said_nothing.text)
    assert events.done
    assert [("usage" in chunk) for chunk in events.chunks].count(True) == 1
    assert events.chunks[-1]["usage"]["completion_tokens"] == 4
    assert events.chunks[-1]["choices"][0]["finish_reason"] == "length"
    assert not any("usage" in chunk for chunk in parse_events(refused.text).chunks)


async def test_every_choice_opens_with_the_role_and_ends_with_a_reason(
    gateway: Any, alice: Any, base: str
) -> None:
    async with gateway.client(alice) as client:
        stream = await client.chat.completions.create(
            model=base, messages=MESSAGES, max_tokens=3, n=3, stream=True
        )
        chunks = [chunk.choices[0] async for chunk in stream]
    for index in range(3):
        own = [c for c in chunks if c.index == index]
        assert own[0].delta.role == "assistant"
        assert "".join(c.delta.content or "" for c in own) == "w0 w1 w2 "
        assert [c.finish_reason for c in own if c.finish_reason] == ["length"]


async def test_cached_prompt_tokens_cost_less(
    gateway: Any, worker: Any, script: Any, alice: Any, base: str, tables: Any
) -> None:
    worker.script = script(prompt=100, cached=64)
    async with gateway.client(alice) as client:
        raw = await client.chat.completions.with_raw_response.create(
            model=base, messages=[{"role": "user", "content": "x" * 400}], max_tokens=1
        )
    assert raw.parse().usage.prompt_tokens_details.cached_tokens == 64
    row = tables.usage(raw.headers["x-request-id"])
    assert row["cached_tokens"] == 64
    assert row["cost"] == 36 * 100_000 + 64 * 50_000 + 200_000


async def test_logprobs(gateway: Any, worker: Any, alice: Any, base: str) -> None:
    from motet_inference.rpc import worker_pb2 as pb

    token = pb.TokenLogprob(
        token="é",
        token_bytes="é".encode(),
        logprob=-0.5,
        top=[pb.TopLogprob(token="e", token_bytes=b"e", logprob=-1.5)],
    )

    async def spell(run: Any) -> None:
        run.accept(3)
        if run.submit.stream:
            run.delta("é", 1, logprobs=[token])
        choice = pb.Choice(finish_reason="stop", completion_tokens=2)
        if not run.submit.stream:
            choice.text = "é"
            choice.logprobs.append(token)
        run.finish(3, [choice])

    worker.script = spell
    async with gateway.client(alice) as client:
        ask: Any = {"model": base, "messages": MESSAGES, "logprobs": True, "top_logprobs": 1}
        whole = await client.chat.completions.create(**ask)
        stream = await client.chat.completions.create(**ask, stream=True)
        pieces = [c.choices[0].logprobs async for c in stream if c.choices[0].logprobs]
    assert worker.runs[0].submit.sampling.logprobs == 1
    for (found,) in (whole.choices[0].logprobs.content, pieces[0].content):
        assert (found.token, found.logprob, bytes(found.bytes).decode()) == ("é", -0.5, "é")
        assert [top.token for top in found.top_logprobs] == ["e"]


async def test_fields_reach_the_worker(gateway: Any, worker: Any, alice: Any, base: str) -> None:
    parts: Any = [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]
    async with gateway.client(alice) as client:
        await client.chat.completions.create(
            model=base,
            messages=[
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "content": parts},
            ],
            temperature=0,
            top_p=0.5,
            presence_penalty=1,
            frequency_penalty=-1,
            seed=42,
            stop=["a", "b"],
            logit_bias={"7": -100},
            max_completion_tokens=9,
            extra_body={"top_k": 3, "min_p": 0.1, "repetition_penalty": 1.5, "ignore_eos": True},
            user="u",
            metadata={"a": "b"},
            store=False,
        )
    submit = worker.runs[0].submit
    assert [(m.role, m.content) for m in submit.chat.messages] == [
        ("system", "Be brief."),
        ("user", "one two"),
    ]
    sampling = submit.sampling
    assert sampling.HasField("temperature") and sampling.temperature == 0
    assert (sampling.top_p, sampling.top_k, sampling.seed) == (0.5, 3, 42)
    assert (sampling.presence_penalty, sampling.frequency_penalty) == (1, -1)
    assert (list(sampling.stop), dict(sampling.logit_bias)) == (["a", "b"], {7: -100})
    assert (sampling.max_tokens, sampling.ignore_eos) == (9, True)
    assert round(sampling.min_p, 6) == 0.1 and sampling.repetition_penalty == 1.5
    assert not sampling.HasField("logprobs")
    assert submit.output_budget == 9
    assert submit.account == str(alice.account.pk)
    assert len(submit.cache_salt) == 32


async def test_fifty_at_once(
    gateway: Any, worker: Any, script: Any, alice: Any, base: str, tables: Any
) -> None:
    worker.script = script(pause=0.002)

    async def one(client: Any, i: int) -> tuple[str, int]:
        stream = await client.chat.completions.create(
            model=base, messages=MESSAGES, max_tokens=5 + i % 7, stream=True
        )
        chunks = [chunk async for chunk in stream]
        assert chunks[-1].choices[0].finish_reason == "length"
        return stream.response.headers["x-request-id"], chunks[-1].usage.completion_tokens

    async with gateway.client(alice) as client:
        answers = await asyncio.gather(*(one(client, i) for i in range(50)))
    assert [tokens for _, tokens in answers] == [5 + i % 7 for i in range(50)]
    for request_id, tokens in answers:
        assert tables.usage(request_id)["completion_tokens"] == tokens
    (wallet,) = tables.rows("SELECT * FROM billing_wallet WHERE id = %s", alice.wallet_id)
    spent = sum(7 * 100_000 + tokens * 200_000 for _, tokens in answers)
    assert wallet["posted"] == 5 * 10**12 - spent
    assert wallet["reserved"] == 0
