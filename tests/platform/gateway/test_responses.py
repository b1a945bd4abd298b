"""POST /v1/responses through OpenAI's own client, whole and as typed events."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from motet_inference.rpc import worker_pb2 as pb

PRICE_IN, PRICE_OUT = 100_000, 200_000


async def test_whole(gateway: Any, worker: Any, alice: Any, base: str, tables: Any) -> None:
    async with gateway.client(alice) as client:
        raw = await client.responses.with_raw_response.create(
            model=base, input="Say something.", instructions="Be brief.", max_output_tokens=3,
            metadata={"ticket": "7"},
        )  # fmt: skip
    answer = raw.parse()
    request_id = raw.headers["x-request-id"]
    assert answer.id == "resp-" + request_id.removeprefix("req_")
    assert answer.output_text == "w0 w1 w2 "
    assert (answer.status, answer.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (7, 3)
    assert answer.usage.total_tokens == 10
    assert (answer.instructions, answer.metadata, answer.store) == (
        "Be brief.", {"ticket": "7"}, False,
    )  # fmt: skip
    row = tables.usage(request_id)
    assert row["endpoint"] == "responses"
    assert row["cost"] == 7 * PRICE_IN + 3 * PRICE_OUT
    chat = worker.runs[0].submit.chat
    assert [(m.role, m.content) for m in chat.messages] == [
        ("system", "Be brief."), ("user", "Say something."),
    ]  # fmt: skip


async def test_stream(gateway: Any, alice: Any, base: str, tables: Any) -> None:
    async with gateway.client(alice) as client:
        stream = await client.responses.create(model=base, input="Go on.", stream=True)
        request_id = stream.response.headers["x-request-id"]
        events = [event async for event in stream]
    kinds = [event.type for event in events]
    assert kinds[:4] == [
        "response.created", "response.in_progress", "response.output_item.added",
        "response.content_part.added",
    ]  # fmt: skip
    assert kinds[-4:] == [
        "response.output_text.done", "response.content_part.done", "response.output_item.done",
        "response.completed",
    ]  # fmt: skip
    assert [event.sequence_number for event in events] == list(range(len(events)))
    said = "".join(e.delta for e in events if e.type == "response.output_text.delta")
    assert said == "w0 w1 w2 w3 w4 " == events[-4].text == events[-1].response.output_text
    assert events[-1].response.usage.output_tokens == 5
    assert tables.usage(request_id)["completion_tokens"] == 5


async def test_stream_manager_of_the_client(gateway: Any, alice: Any, base: str) -> None:
    async with (
        gateway.client(alice) as client,
        client.responses.stream(model=base, input="Go on.") as stream,
    ):
        answer = await stream.get_final_response()
    assert (answer.status, answer.output_text) == ("completed", "w0 w1 w2 w3 w4 ")


async def test_a_conversation_and_its_logprobs(
    gateway: Any, worker: Any, alice: Any, base: str
) -> None:
    async def spell(run: Any) -> None:
        run.accept(2)
        top = pb.TopLogprob(token="Hi", token_bytes=b"Hi", logprob=-0.25)
        token = pb.TokenLogprob(token="Hi", token_bytes=b"Hi", logprob=-0.25, top=[top])
        choice = pb.Choice(finish_reason="stop", completion_tokens=1, text="Hi", logprobs=[token])
        run.finish(2, [choice])

    worker.script = spell
    said: Any = [
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
        {
            "type": "message", "role": "assistant", "id": "msg-1", "status": "completed",
            "content": [{"type": "output_text", "text": "Hi", "annotations": []}],
        },
        {"role": "user", "content": "Again"},
    ]  # fmt: skip
    async with gateway.client(alice) as client:
        answer = await client.responses.create(
            model=base, input=said, include=["message.output_text.logprobs"], top_logprobs=1,
            store=False, parallel_tool_calls=True, tools=[], text={"format": {"type": "text"}},
        )  # fmt: skip
    (token,) = answer.output[0].content[0].logprobs
    assert (token.token, token.logprob, token.top_logprobs[0].token) == ("Hi", -0.25, "Hi")
    messages = worker.runs[0].submit.chat.messages
    assert [(m.role, m.content) for m in messages] == [
        ("system", "Be kind."), ("user", "Hello"), ("assistant", "Hi"), ("user", "Again"),
    ]  # fmt: skip


async def test_max_cost_ends_it_with_its_code(
    gateway: Any, worker: Any, alice: Any, base: str
) -> None:
    async with gateway.client(alice) as client:
        answer = await client.responses.create(
            model=base, input="x", max_output_tokens=400, extra_body={"max_cost": "0.000012"}
        )
    assert answer.status == "incomplete"
    assert answer.incomplete_details.code == "max_cost_reached"
    assert 0 < answer.usage.output_tokens < 400


async def test_an_error_in_the_middle(gateway: Any, worker: Any, alice: Any, base: str) -> None:
    async def break_off(run: Any) -> None:
        run.accept(7)
        run.delta("half a", 2)
        run.fail("engine_crashed", "The engine ended.")

    worker.script = break_off
    async with gateway.http(alice) as http:
        body = {"model": base, "input": "x", "stream": True}
        answer = await http.post("/v1/responses", json=body)
    lines = [line for line in answer.text.splitlines() if line.startswith("data: ")]
    failed, error = (json.loads(line.removeprefix("data: ")) for line in lines[-2:])
    assert failed["type"] == "response.failed" and failed["response"]["status"] == "failed"
    assert failed["response"]["error"]["code"] == error["code"] == "engine_crashed"
    assert failed["response"]["usage"]["output_tokens"] == 2
    assert "[DONE]" not in answer.text


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"previous_response_id": "resp-1"}, "previous_response_id"),
        ({"store": True}, "store"),
        ({"background": True}, "background"),
        ({"reasoning": {"effort": "high"}}, "reasoning"),
        ({"tools": [{"type": "web_search"}]}, "tools"),
        ({"text": {"format": {"type": "json_object"}}}, "text.format"),
        ({"truncation": "auto"}, "truncation"),
        ({"include": ["file_search_call.results"]}, "include"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"n": 2}, "n"),
        ({"input": [{"type": "function_call_output", "call_id": "1"}]}, "input[0].type"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input[0].content"),
        ({"input": []}, "input"),
    ],
)
async def test_what_is_refused(
    gateway: Any, worker: Any, alice: Any, base: str, body: dict[str, Any], param: str
) -> None:
    async with gateway.client(alice) as client:
        with pytest.raises(openai.BadRequestError) as refused:
            await client.responses.create(model=base, input="x", extra_body=body)
    assert refused.value.param == param
    assert worker.runs == []
