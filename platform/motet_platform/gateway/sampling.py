"""The fields that chat and legacy completions share: how to sample, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from motet_billing.money import picodollars
from motet_inference.rpc import worker_pb2 as pb
from msgspec import Meta, Raw

from motet_platform.errors import InvalidRequest

MAX_CHOICES = 16
MAX_STOPS = 4
MAX_BIASES = 1024
# Of an answer that is put together before it is sent: each is some 80 bytes of JSON.
MAX_COLLECTED_LOGPROBS = 1 << 20

TokenId = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Stop = Annotated[str, Meta(min_length=1, max_length=1024)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Bias = Annotated[float, Meta(ge=-100, le=100)]

# Values that say "not used", and that clients send for fields they know nothing of.
_UNUSED = frozenset({b"", b"null", b"[]", b"{}", b"false", b'"none"', b'"auto"'})
# Would change the output, and is not built: refused rather than ignored.
_NOT_BUILT = {
    "tools": "tool calls",
    "functions": "function calls",
    "tool_choice": "tool calls",
    "function_call": "function calls",
    "audio": "audio output",
    "prediction": "predicted outputs",
    "web_search_options": "web search",
    "guided_json": "structured output",
    "guided_regex": "structured output",
    "guided_choice": "structured output",
    "guided_grammar": "structured output",
    "structured_outputs": "structured output",
    "logits_processors": "logits processors",
    "prompt_logprobs": "log-probabilities of the prompt",
    "use_beam_search": "beam search",
    "suffix": "text after the completion",
}
# Belongs to the server: a client's value could reach other tenants.
_FORBIDDEN = frozenset(
    {"chat_template", "chat_template_kwargs", "cache_salt", "mm_processor_kwargs"}
)


class ResponseFormat(msgspec.Struct):
    """Only {"type": "text"} passes."""

    type: str


class StreamOptions(msgspec.Struct):
    """What the client wants on a stream beside the text."""

    include_usage: bool | None = None


class SamplingBody(msgspec.Struct, kw_only=True):
    """The shared part of both bodies. Unknown fields are ignored, as clients add new ones."""

    model: Annotated[str, Meta(min_length=1, max_length=512)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Meta(ge=1, le=MAX_CHOICES)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=-1, le=2**31 - 1)] | None = None
    min_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    repetition_penalty: Annotated[float, Meta(gt=0, le=2)] | None = None
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    stop: Stop | Annotated[list[Stop], Meta(max_length=MAX_STOPS)] | None = None
    stop_token_ids: Annotated[list[TokenId], Meta(max_length=64)] | None = None
    logit_bias: Annotated[dict[str, Bias], Meta(max_length=MAX_BIASES)] | None = None
    ignore_eos: bool | None = None
    max_cost: Annotated[str, Meta(max_length=32)] | None = None  # USD, an exact decimal
    response_format: ResponseFormat | None = None

    tools: Raw = Raw()
    functions: Raw = Raw()
    tool_choice: Raw = Raw()
    function_call: Raw = Raw()
    audio: Raw = Raw()
    prediction: Raw = Raw()
    web_search_options: Raw = Raw()
    guided_json: Raw = Raw()
    guided_regex: Raw = Raw()
    guided_choice: Raw = Raw()
    guided_grammar: Raw = Raw()
    structured_outputs: Raw = Raw()
    logits_processors: Raw = Raw()
    prompt_logprobs: Raw = Raw()
    use_beam_search: Raw = Raw()
    suffix: Raw = Raw()
    chat_template: Raw = Raw()
    chat_template_kwargs: Raw = Raw()
    cache_salt: Raw = Raw()
    mm_processor_kwargs: Raw = Raw()

    @property
    def include_usage(self) -> bool | None:
        return None if self.stream_options is None else self.stream_options.include_usage


def max_cost(body: SamplingBody) -> int | None:
    """The most that the request may cost, in picodollars. Raises InvalidRequest."""
    if body.max_cost is None:
        return None
    try:
        amount = picodollars(body.max_cost)
    except ValueError:
        amount = 0
    if amount <= 0:
        raise InvalidRequest(
            'max_cost is a positive amount in USD as a string, such as "0.002".', param="max_cost"
        )
    return amount


def refuse_unbuilt(body: SamplingBody) -> None:
    """Raise InvalidRequest for the first field that asks for what is not there."""
    for field in _FORBIDDEN:
        if bytes(getattr(body, field)) not in (b"", b"null"):
            raise InvalidRequest(
                f"`{field}` cannot be set by a client.", code="unsupported_parameter", param=field
            )
    refuse_raw(body, _NOT_BUILT)
    refuse_format(body.response_format, "response_format")


def refuse_format(wanted: ResponseFormat | None, param: str) -> None:
    """Raise InvalidRequest unless the answer may be plain text."""
    if wanted is not None and wanted.type != "text":
        raise unsupported(
            param,
            f"{param} `{wanted.type[:40]}` is not supported here; "
            'leave it out or send {"type": "text"}.',
        )


def refuse_raw(body: SamplingBody, not_built: Mapping[str, str]) -> None:
    """Raise InvalidRequest for the first of these raw fields that is used."""
    for field, what in not_built.items():
        if bytes(getattr(body, field)) not in _UNUSED:
            raise unsupported(field, f"Not supported here: {what}. Leave `{field}` out.")


def unsupported(param: str, message: str) -> InvalidRequest:
    """The 400 for what OpenAI's API has and this server does not."""
    return InvalidRequest(message, code="unsupported_parameter", param=param)


def bounded(
    max_tokens: int | None, *, n: int, logprobs: int | None, collected: bool, param: str
) -> int | None:
    """`max_tokens`, for which this server can hold the log probabilities of the whole answer.

    A client that names none gets what there is room for, as it does where the context ends. Text
    alone is never too much. Raises InvalidRequest.
    """
    if logprobs is None or not collected:
        return max_tokens
    each = logprobs + 1
    most = MAX_COLLECTED_LOGPROBS // (n * each)
    if max_tokens is not None and max_tokens > most:
        raise InvalidRequest(
            f"{n} x {max_tokens} tokens with {each} log probabilities each are more than the "
            f"{MAX_COLLECTED_LOGPROBS} that one answer may hold without streaming: with these "
            f"options {param} is at most {most}.",
            param=param,
        )
    return most if max_tokens is None else max_tokens


# Clients say 0 for the best token alone, which is what any nucleus holds that is small enough.
_BEST_ALONE = 1e-6


def sampling(body: SamplingBody, *, max_tokens: int | None, logprobs: int | None) -> pb.Sampling:
    """The worker's form of the sampling fields. Raises InvalidRequest."""
    fields: dict[str, Any] = {
        "temperature": body.temperature,
        "top_p": None if body.top_p is None else max(body.top_p, _BEST_ALONE),
        "top_k": None if body.top_k == -1 else body.top_k,  # both mean off
        "min_p": body.min_p,
        "presence_penalty": body.presence_penalty,
        "frequency_penalty": body.frequency_penalty,
        "repetition_penalty": body.repetition_penalty,
        "seed": body.seed,
        "max_tokens": max_tokens,
        "logprobs": logprobs,
        "stop": [body.stop] if isinstance(body.stop, str) else body.stop,
        "stop_token_ids": body.stop_token_ids,
        "ignore_eos": body.ignore_eos,
    }
    message = pb.Sampling(**{k: v for k, v in fields.items() if v is not None})
    for token, bias in (body.logit_bias or {}).items():
        if not (token.isascii() and token.isdigit() and len(token) <= 9):
            raise InvalidRequest("logit_bias maps token ids to numbers.", param="logit_bias")
        message.logit_bias[int(token)] = bias
    return message
