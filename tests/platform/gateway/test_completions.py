"""The legacy endpoint, and the forms a prompt may have there."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from motet_inference.rpc import worker_pb2 as pb


async def test_text_and_token_ids(
    gateway: Any, worker: Any, alice: Any, base: str, tables: Any
) -> None:
    client = gateway.client(alice)
    raw = await client.completions.with_raw_response.create(model=base, prompt="Once", max_tokens=3)
    answer = raw.parse()
    assert (answer.object, answer.choices[0].text) == ("text_completion", "w0 w1 w2 ")
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 3
    assert answer.id == "cmpl-" + raw.headers["x-request-id"].removeprefix("req_")
    assert tables.usage(raw.headers["x-request-id"])["endpoint"] == "completions"
    for prompt in (["Once"], [5, 6, 7], [[5, 6, 7]]):
        await client.completions.create(model=base, prompt=prompt)
    submits = [run.submit for run in worker.runs]
    assert [s.text for s in submits[:2]] == ["Once", "Once"]
    assert [list(s.token_ids.ids) for s in submits[2:]] == [[5, 6, 7]] * 2
    assert submits[1].sampling.max_tokens == 16, "OpenAI's default for this endpoint"


async def test_stream_and_echo(gateway: Any, worker: Any, alice: Any, base: str) -> None:
    stream = await gateway.client(alice).completions.create(
        model=base, prompt="Once", max_tokens=3, stream=True, echo=True, n=2
    )
    chunks = [chunk async for chunk in stream]
    for index in range(2):
        own = [c.choices[0] for c in chunks if c.choices[0].index == index]
        assert "".join(c.text for c in own) == "w0 w1 w2 "
        assert [c.finish_reason for c in own if c.finish_reason] == ["length"]
    assert chunks[-1].usage.completion_tokens == 6
    assert worker.runs[0].submit.echo


async def test_logprobs_in_four_lists(gateway: Any, worker: Any, alice: Any, base: str) -> None:
    def token(text: str) -> pb.TokenLogprob:
        top = pb.TopLogprob(token=text, token_bytes=text.encode(), logprob=-0.25)
        return pb.TokenLogprob(token=text, token_bytes=text.encode(), logprob=-0.25, top=[top])

    async def spell(run: Any) -> None:
        run.accept(2)
        choice = pb.Choice(finish_reason="stop", completion_tokens=2)
        if run.submit.stream:
            run.delta("Hi", 1, logprobs=[token("Hi")])
            run.delta(" you", 2, logprobs=[token(" you")])
        else:
            choice.text = "Hi you"
            choice.logprobs.extend([token("Hi"), token(" you")])
        run.finish(2, [choice])

    worker.script = spell
    client = gateway.client(alice)
    whole = await client.completions.create(model=base, prompt="x", logprobs=1)
    stream = await client.completions.create(model=base, prompt="x", logprobs=1, stream=True)
    pieces = [c.choices[0].logprobs async for c in stream if c.choices[0].logprobs]
    found = whole.choices[0].logprobs
    assert (found.tokens, found.text_offset) == (["Hi", " you"], [0, 2])
    assert found.token_logprobs == [-0.25, -0.25]
    assert found.top_logprobs == [{"Hi": -0.25}, {" you": -0.25}]
    assert [o for piece in pieces for o in piece.text_offset] == [0, 2]


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": ["one", "two"]},
        {"prompt": []},
        {"prompt": [[]]},
        {"prompt": [[1], [2]]},
        {"prompt": [1, "two"]},
        {"prompt": [-1]},
        {"prompt": [2**31]},
        {"prompt": None},
        {"prompt": "x", "suffix": "y"},
        {"prompt": "x", "best_of": 3},
        {"prompt": "x", "logprobs": 6},
        {"prompt": "x", "echo": True, "logprobs": 1},
        {"prompt": "x", "max_tokens": 0},
    ],
)
async def test_refusals(gateway: Any, worker: Any, alice: Any, base: str, fields: Any) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await gateway.client(alice).completions.create(model=base, **fields)
    assert caught.value.type == "invalid_request_error"
    assert not worker.runs
