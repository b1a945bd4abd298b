"""A validated request for tokens, whatever endpoint it came by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from motet_inference.rpc import worker_pb2 as pb

Endpoint = Literal["chat.completions", "completions", "responses"]

# What a chat template may add around one message, in tokens.
MESSAGE_OVERHEAD = 16
BYTES_PER_TOKEN = 3


@dataclass(frozen=True, slots=True)
class Ask:
    """`submit` holds prompt, sampling, n, stream and echo; `flow` fills in the rest.

    `prompt_estimate` is in tokens and only sizes the first hold: the worker knows the true count.
    `include_usage` is what the client said in `stream_options`, None where it said nothing.
    `echoed` is what the answer repeats of the request.
    """

    endpoint: Endpoint
    model: str
    submit: pb.Submit
    prompt_estimate: int
    max_tokens: int | None
    include_usage: bool | None = None
    echoed: Mapping[str, object] | None = None
    max_cost: int | None = None  # picodollars

    @property
    def n(self) -> int:
        return self.submit.n

    @property
    def stream(self) -> bool:
        return self.submit.stream


def utf8_length(text: str) -> int:
    """The number of bytes of `text`, without encoding it where that can be seen."""
    return len(text) if text.isascii() else len(text.encode())
