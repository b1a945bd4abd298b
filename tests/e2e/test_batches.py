"""Fifty requests at once over four models share their batches, and each stays itself."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import openai
import pytest
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.rpc import worker_pb2_grpc
from motet_platform.supervisor.testing import LivePlatform

QUESTIONS = [f"My order {4700 + n} has not arrived. Can you help me?" for n in range(50)]


@pytest.fixture
def stats(platform: LivePlatform) -> Callable[[], pb.StatsReply]:
    def ask() -> pb.StatsReply:
        with grpc.insecure_channel(platform.worker_address) as channel:
            return worker_pb2_grpc.WorkerStub(channel).Stats(pb.StatsRequest(), timeout=10)

    return ask


async def test_fifty_requests_over_four_models_share_steps(
    alice: openai.OpenAI,
    adapters: dict[str, str],
    say: Callable[..., Any],
    stats: Callable[[], pb.StatsReply],
) -> None:
    models = ["motet-tiny", *sorted(adapters.values())]
    before = stats()
    client = openai.AsyncOpenAI(
        base_url=alice.base_url, api_key=alice.api_key, max_retries=0, timeout=120
    )

    async def one(number: int) -> tuple[str, int]:
        reply = await client.chat.completions.create(
            model=models[number % 4], temperature=0, max_tokens=24,
            messages=[{"role": "user", "content": QUESTIONS[number]}],
        )  # fmt: skip
        assert reply.usage is not None
        return str(reply.choices[0].message.content), reply.usage.completion_tokens

    answers = await asyncio.gather(*(one(number) for number in range(50)))
    after = stats()
    await client.close()

    mixed = after.steps_mixed - before.steps_mixed
    steps = after.steps - before.steps
    tokens = sum(count for _, count in answers)
    assert mixed > 0
    assert after.steps_by_adapters[3] > before.steps_by_adapters[3]  # all three in one step
    assert tokens == after.completion_tokens - before.completion_tokens
    assert tokens / steps > 4, (tokens, steps)  # many requests per forward pass
    for number in range(0, 50, 7):  # alone it says what it said in the crowd
        alone = say(alice, models[number % 4], QUESTIONS[number], max_tokens=24)
        assert alone.choices[0].message.content == answers[number][0]
