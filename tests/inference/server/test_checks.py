"""The worker refuses what no gateway should have let through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.server.checks import check_submit
from motet_inference.server.errors import RequestError
from motet_inference.server.limits import Limits

LIMITS = Limits(
    model="tiny-random", vocab_size=400, max_context=512, max_rank=8, max_batch=8, max_bytes=4096
)
NAN, INF = float("nan"), float("inf")
ADAPTER = {"digest": "a" * 64, "uri": "file:///a", "rank": 4}


def chat(*messages: tuple[str, str]) -> pb.Chat:
    return pb.Chat(messages=[pb.ChatMessage(role=r, content=c) for r, c in messages])


def test_it_works(make_submit: Callable[..., pb.Submit]) -> None:
    sampling = check_submit(
        make_submit(
            sampling={"temperature": 0.5, "top_k": 1000, "seed": -7, "logit_bias": {3: -100.0}},
            adapter=pb.Adapter(**ADAPTER),  # type: ignore[arg-type]
            n=8,
        ),
        LIMITS,
    )
    assert (sampling.temperature, sampling.top_k, sampling.seed) == (0.5, 400, -7)
    assert sampling.logit_bias == {3: -100.0}
    assert sampling.max_tokens == 8


def test_what_is_absent_has_its_default(make_submit: Callable[..., pb.Submit]) -> None:
    submit = make_submit()
    submit.sampling.Clear()
    one, two = (check_submit(submit, LIMITS) for _ in range(2))
    assert (one.temperature, one.top_p, one.top_k, one.min_p) == (1.0, 1.0, 0, 0.0)
    assert (one.repetition_penalty, one.max_tokens, one.logprobs) == (1.0, None, None)
    assert one.seed is not None and one.seed != two.seed


def test_next_to_nothing_is_greedy(make_submit: Callable[..., pb.Submit]) -> None:
    assert check_submit(make_submit(sampling={"temperature": 1e-38}), LIMITS).temperature == 0


@pytest.mark.parametrize(
    ("sampling", "param"),
    [
        *[({name: value}, name) for name in ("temperature", "top_p", "min_p", "presence_penalty",
          "frequency_penalty", "repetition_penalty") for value in (NAN, INF, -INF, 1e30, -1e30)],
        ({"repetition_penalty": 0.0}, "repetition_penalty"),
        ({"temperature": -0.1}, "temperature"),
        ({"top_p": 1.1}, "top_p"),
        ({"presence_penalty": 2.1}, "presence_penalty"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"logprobs": 21}, "logprobs"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"stop": [""]}, "stop"),
        ({"stop": ["a" * 257]}, "stop"),
        ({"stop_token_ids": [400]}, "stop_token_ids"),
        ({"stop_token_ids": [1] * 65}, "stop_token_ids"),
        ({"logit_bias": {400: 1.0}}, "logit_bias"),
        ({"logit_bias": {1: NAN}}, "logit_bias"),
        ({"logit_bias": {1: 101.0}}, "logit_bias"),
        ({"logit_bias": dict.fromkeys(range(1025), 1.0)}, "logit_bias"),
    ],
)  # fmt: skip
def test_bad_sampling(
    sampling: dict[str, Any], param: str, make_submit: Callable[..., pb.Submit]
) -> None:
    with pytest.raises(RequestError) as caught:
        check_submit(make_submit(sampling=sampling), LIMITS)
    assert (caught.value.code, caught.value.param) == ("invalid_request", param)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"n": 0}, "invalid_request"),
        ({"n": 9}, "invalid_request"),
        ({"n": 4_000_000_000}, "invalid_request"),
        ({"account": ""}, "invalid_request"),
        ({"cache_salt": b""}, "invalid_request"),
        ({"cache_salt": b"x" * 129}, "invalid_request"),
        ({"weight": 1001}, "invalid_request"),
        ({"output_budget": 2**64 - 1}, "invalid_request"),
        ({"base_model": "another"}, "model_not_served"),
        ({"text": "x" * 5000}, "context_length_exceeded"),
        ({"chat": chat()}, "invalid_request"),
        ({"chat": chat(("root", "x"))}, "invalid_request"),
        ({"chat": chat(("", "x"))}, "invalid_request"),
        ({"chat": chat(*[("user", "")] * 2049)}, "invalid_request"),
        ({"chat": chat(("user", "x" * 3000), ("user", "x" * 3000))}, "context_length_exceeded"),
        ({"chat": pb.Chat(messages=[{"role": "user", "name": "x" * 65}])}, "invalid_request"),
        ({"chat": chat(("user", "x")), "echo": True}, "invalid_request"),
        ({"token_ids": pb.TokenIds(ids=[400])}, "invalid_request"),
        ({"token_ids": pb.TokenIds(ids=[1] * 512)}, "context_length_exceeded"),
        ({"adapter": {**ADAPTER, "rank": 9}}, "adapter_incompatible"),
        ({"adapter": {**ADAPTER, "rank": 0}}, "adapter_incompatible"),
        ({"adapter": {**ADAPTER, "digest": "../../etc/passwd"}}, "adapter_unavailable"),
        ({"adapter": {**ADAPTER, "digest": ""}}, "adapter_unavailable"),
        ({"adapter": {**ADAPTER, "uri": "x" * 5000}}, "adapter_unavailable"),
    ],
)
def test_bad_requests(
    fields: dict[str, Any], code: str, make_submit: Callable[..., pb.Submit]
) -> None:
    with pytest.raises(RequestError) as caught:
        check_submit(make_submit(**fields), LIMITS)
    assert caught.value.code == code


def test_no_prompt(make_submit: Callable[..., pb.Submit]) -> None:
    submit = make_submit()
    submit.ClearField("text")
    with pytest.raises(RequestError, match="no prompt"):
        check_submit(submit, LIMITS)
