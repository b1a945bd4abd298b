"""What a user does first: list the models, ask each of them, stream the answer."""

import json
import stat
from collections.abc import Callable
from typing import Any

import openai
from motet_inference.tiny import ADAPTERS
from motet_platform.supervisor.testing import LivePlatform

TICKET = "Hi, this is Anna. Order 4711: the lamp I bought arrived broken. Please help soon."


def test_start_tells_where_everything_is(platform: LivePlatform) -> None:
    path = platform.var / "demo.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    demo = platform.demo
    assert set(demo) == {"base_url", "api_key", "dashboard_url", "email", "password", "models"}
    ready = platform.lines[-1]
    assert ready.startswith("motet is ready") and platform.url in ready and str(path) in ready


def test_nobody_else_of_the_machine_can_look_in(platform: LivePlatform) -> None:
    """As root, other users may pass through `var` to PostgreSQL's folder, and no further."""
    assert stat.S_IMODE(platform.var.stat().st_mode) in (0o700, 0o711)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in platform.var.iterdir()}
    assert {"store", "tmp", "logs", "run", "worker", "secret.key"} <= modes.keys()
    open_to_others = {name for name, mode in modes.items() if mode & 0o077}
    assert open_to_others <= {"stripe-sandbox.json"}


def test_lists_the_base_and_the_shipped_adapters(
    alice: openai.OpenAI, adapters: dict[str, str], platform: LivePlatform
) -> None:
    ids = [model.id for model in alice.models.list()]
    assert "motet-tiny" in ids
    assert set(adapters) == set(ADAPTERS)
    assert sorted(ids) == sorted(platform.demo["models"])


def test_four_voices_answer_the_same_ticket(
    alice: openai.OpenAI, adapters: dict[str, str], say: Callable[..., Any]
) -> None:
    answers = {
        model: say(alice, model, TICKET, max_tokens=96).choices[0].message.content
        for model in ["motet-tiny", *adapters.values()]
    }
    assert all(answers.values())
    assert len(set(answers.values())) == 4, answers
    assert isinstance(json.loads(answers[adapters["triage"]]), dict)


def test_stream_says_the_same_as_the_whole_answer(
    alice: openai.OpenAI, adapters: dict[str, str], say: Callable[..., Any]
) -> None:
    for model in ["motet-tiny", *adapters.values()]:
        whole = say(alice, model, TICKET)
        stream = say(alice, model, TICKET, stream=True, stream_options={"include_usage": True})
        chunks = list(stream)
        texts = [c.choices[0].delta.content or "" for c in chunks if c.choices]
        assert "".join(texts) == whole.choices[0].message.content
        reason = [c.choices[0].finish_reason for c in chunks if c.choices][-1]
        assert reason == whole.choices[0].finish_reason
        usage = chunks[-1].usage
        assert usage.completion_tokens == whole.usage.completion_tokens
        assert usage.prompt_tokens == whole.usage.prompt_tokens
        assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
        assert all(c.usage is None for c in chunks[:-1])
        # One token at a time, but for those whose text waits for the next one.
        assert len([text for text in texts if text]) >= usage.completion_tokens // 2


def test_sampled_answer_repeats_with_its_seed(
    alice: openai.OpenAI, adapters: dict[str, str], say: Callable[..., Any]
) -> None:
    def draw(seed: int) -> str:
        reply = say(alice, "motet-tiny", "Tell me a story.", temperature=1.0, seed=seed)
        return str(reply.choices[0].message.content)

    assert draw(7) == draw(7)
    assert len({draw(seed) for seed in range(4)}) > 1


def test_legacy_completions_answer(alice: openai.OpenAI) -> None:
    reply = alice.completions.create(
        model="motet-tiny", prompt="Once upon a time", max_tokens=8, temperature=0
    )
    assert reply.choices[0].text
    assert reply.usage is not None and reply.usage.completion_tokens <= 8


def test_unknown_key_and_unknown_model(alice: openai.OpenAI, say: Callable[..., Any]) -> None:
    stranger = alice.with_options(api_key="mot_live_" + "0" * 38)
    try:
        stranger.models.list()
    except openai.AuthenticationError as error:
        assert error.code == "invalid_api_key"
    else:
        raise AssertionError("a made-up key was taken")
    try:
        say(alice, "nobody/nothing", "Hello")
    except openai.NotFoundError as error:
        assert error.code == "model_not_found"
    else:
        raise AssertionError("a made-up model answered")
