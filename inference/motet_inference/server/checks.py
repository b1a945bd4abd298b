"""Is this Submit one that the engine may see? The gateway's word for it is not taken."""

from __future__ import annotations

import math
import re
import secrets

from motet_inference.engine.messages import Sampling
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.server import limits as caps
from motet_inference.server.errors import InvalidRequest, RequestError
from motet_inference.server.limits import Limits

_DIGEST = re.compile(r"[0-9a-f]{64}")
_ROLES = {"system", "developer", "user", "assistant", "tool"}
_RANGES = {  # option -> lowest, highest, whether the lowest itself is allowed
    "temperature": (0.0, 100.0, True),
    "top_p": (0.0, 1.0, True),
    "min_p": (0.0, 1.0, True),
    "presence_penalty": (-2.0, 2.0, True),
    "frequency_penalty": (-2.0, 2.0, True),
    "repetition_penalty": (0.0, 10.0, False),
}


def check_submit(submit: pb.Submit, limits: Limits) -> Sampling:
    """What to sample with. Raises RequestError for anything outside the limits."""
    if submit.base_model != limits.model:
        raise RequestError("model_not_served", f"This worker serves {limits.model} only.")
    if not (0 < len(submit.account) <= 128 and 0 < len(submit.cache_salt) <= 128):
        raise InvalidRequest("account and cache_salt must be of 1 to 128 characters.")
    _whole("weight", submit.weight, 0, caps.MAX_WEIGHT)
    _whole("n", submit.n, 1, min(caps.MAX_CHOICES, limits.max_batch))
    _whole("prompt_budget", submit.prompt_budget, 0, caps.MAX_BUDGET)
    _whole("output_budget", submit.output_budget, 0, caps.MAX_BUDGET)
    if submit.HasField("adapter"):
        _check_adapter(submit.adapter, limits)
    _check_prompt(submit, limits)
    return _sampling(submit.sampling, limits)


def _whole(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidRequest(f"{name} must be from {low} to {high}, not {value}.", param=name)


def _check_adapter(adapter: pb.Adapter, limits: Limits) -> None:
    if not _DIGEST.fullmatch(adapter.digest) or not 0 < len(adapter.uri) <= 4096:
        raise RequestError("adapter_unavailable", "The adapter's address is malformed.")
    if not 1 <= adapter.rank <= limits.max_rank:
        message = f"The adapter's rank {adapter.rank} is not from 1 to {limits.max_rank}."
        raise RequestError("adapter_incompatible", message)


def _check_prompt(submit: pb.Submit, limits: Limits) -> None:
    match submit.WhichOneof("prompt"):
        case "chat":
            if submit.echo:
                raise InvalidRequest("echo is for plain prompts only.", param="echo")
            _check_messages(submit.chat, limits)
        case "text":
            _check_size(len(submit.text.encode()), limits)
        case "token_ids":
            ids = submit.token_ids.ids
            if len(ids) >= limits.max_context:
                raise too_long(len(ids), limits.max_context)
            if any(token >= limits.vocab_size for token in ids):
                raise InvalidRequest("A prompt token is outside the vocabulary.", param="prompt")
        case _:
            raise InvalidRequest("There is no prompt.", param="prompt")


def _check_messages(chat: pb.Chat, limits: Limits) -> None:
    _whole("messages", len(chat.messages), 1, caps.MAX_MESSAGES)
    size = 0
    for i, message in enumerate(chat.messages):
        if message.role not in _ROLES:
            roles = ", ".join(sorted(_ROLES))
            raise InvalidRequest(f"role must be one of {roles}.", param=f"messages.{i}.role")
        if len(message.name) > 64:
            raise InvalidRequest("name is too long.", param=f"messages.{i}.name")
        size += len(message.content.encode())
    _check_size(size, limits)


def _check_size(size: int, limits: Limits) -> None:
    if size > limits.max_bytes:
        message = f"The prompt's {size} bytes cannot fit a context of {limits.max_context} tokens."
        raise RequestError("context_length_exceeded", message, param="prompt")


def too_long(tokens: int, max_context: int) -> RequestError:
    """The refusal of a prompt that leaves no room for one output token."""
    message = (
        f"The prompt has {tokens} tokens; with at least one output token it must fit a context of "
        f"{max_context}."
    )
    return RequestError("context_length_exceeded", message, param="prompt")


def _sampling(given: pb.Sampling, limits: Limits) -> Sampling:
    for name, (low, high, closed) in _RANGES.items():
        value = getattr(given, name)
        if given.HasField(name) and not (low <= value <= high and (closed or value > low)):
            raise InvalidRequest(f"{name} is outside its range of {low} to {high}.", param=name)
    if given.HasField("max_tokens"):
        _whole("max_tokens", given.max_tokens, 1, (1 << 32) - 1)
    if given.HasField("logprobs"):
        _whole("logprobs", given.logprobs, 0, caps.MAX_LOGPROBS)
    _check_stops(given, limits)
    _check_biases(given, limits)

    def number(name: str, default: float) -> float:
        return float(getattr(given, name)) if given.HasField(name) else default

    temperature = number("temperature", 1.0)
    return Sampling(
        temperature=temperature if temperature >= caps.MIN_TEMPERATURE else 0.0,
        top_p=number("top_p", 1.0),
        top_k=min(given.top_k, limits.vocab_size),
        min_p=number("min_p", 0.0),
        presence_penalty=number("presence_penalty", 0.0),
        frequency_penalty=number("frequency_penalty", 0.0),
        repetition_penalty=number("repetition_penalty", 1.0),
        seed=given.seed if given.HasField("seed") else secrets.randbits(63),
        stop_token_ids=tuple(given.stop_token_ids),
        max_tokens=given.max_tokens if given.HasField("max_tokens") else None,
        logprobs=given.logprobs if given.HasField("logprobs") else None,
        logit_bias=dict(given.logit_bias),
        ignore_eos=given.ignore_eos,
    )


def _check_stops(given: pb.Sampling, limits: Limits) -> None:
    _whole("stop", len(given.stop), 0, caps.MAX_STOPS)
    if not all(0 < len(stop) <= caps.MAX_STOP_CHARS for stop in given.stop):
        message = f"A stop string must have 1 to {caps.MAX_STOP_CHARS} characters."
        raise InvalidRequest(message, param="stop")
    _whole("stop_token_ids", len(given.stop_token_ids), 0, caps.MAX_STOP_TOKENS)
    if any(token >= limits.vocab_size for token in given.stop_token_ids):
        raise InvalidRequest("A token is outside the vocabulary.", param="stop_token_ids")


def _check_biases(given: pb.Sampling, limits: Limits) -> None:
    _whole("logit_bias", len(given.logit_bias), 0, caps.MAX_BIASES)
    for token, bias in given.logit_bias.items():
        if token >= limits.vocab_size:
            raise InvalidRequest(f"There is no token {token}.", param="logit_bias")
        if not math.isfinite(bias) or abs(bias) > caps.MAX_BIAS:
            raise InvalidRequest(f"The bias of token {token} is too large.", param="logit_bias")
