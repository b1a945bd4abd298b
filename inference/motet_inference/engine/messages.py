"""What crosses the pipe between a worker's front and its engine core.

Front to core: `ToCore`, one message each. Core to front: one `StepOutput` per step. Both sides use
`encode` and the decoders below (MessagePack, typed, no pickle). The front speaks text, the core
speaks token ids; neither sends back up what the other can derive.
"""

from __future__ import annotations

from typing import Literal

import msgspec

FinishReason = Literal["stop", "length", "budget"]


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """How to draw the next token. Values are checked by the front before they come here."""

    temperature: float = 1.0  # 0 is greedy
    top_p: float = 1.0
    top_k: int = 0  # 0 is off
    min_p: float = 0.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    repetition_penalty: float = 1.0
    seed: int | None = None  # None: the front draws one, so a request can always be repeated
    stop_token_ids: tuple[int, ...] = ()
    max_tokens: int | None = None  # per choice; None: what the context still holds
    logprobs: int | None = None  # None: none; k: the sampled token's and the k best
    logit_bias: dict[int, float] = {}
    ignore_eos: bool = False


class AdapterRef(msgspec.Struct, frozen=True, kw_only=True):
    """An adapter version whose files are on local disk and match `digest`."""

    digest: str
    path: str
    rank: int


class Add(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A new request. Budgets are totals in tokens; the output budget is over all choices."""

    request_id: str
    account: str
    salt: bytes
    prompt: list[int]
    prompt_budget: int
    output_budget: int
    sampling: Sampling
    adapter: AdapterRef | None = None
    weight: int = 1
    n: int = 1


class Extend(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """New totals. `last`: none will follow, so finish with reason `budget` when they are used."""

    request_id: str
    prompt_budget: int
    output_budget: int
    last: bool = False


class Cancel(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """End a request now; the core answers with `Ended` and no choice reasons."""

    request_id: str


class StopChoice(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The front found a stop string in this choice."""

    request_id: str
    index: int


class Load(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Warm an adapter up without a request."""

    adapter: AdapterRef


class Shutdown(msgspec.Struct, frozen=True, tag=True):
    """Leave the loop after the current step."""


ToCore = Add | Extend | Cancel | StopChoice | Load | Shutdown


class Token(msgspec.Struct, frozen=True, array_like=True):
    """One sampled token of one choice."""

    request_id: str
    index: int
    token_id: int
    logprob: float | None = None
    top: list[tuple[int, float]] | None = None


class Cached(msgspec.Struct, frozen=True, array_like=True):
    """So much of a prompt was found in the prefix cache; comes before the request's first token."""

    request_id: str
    tokens: int


class ChoiceEnd(msgspec.Struct, frozen=True, array_like=True):
    """Comes in the same step as the choice's last token (or alone, for a zero budget)."""

    request_id: str
    index: int
    reason: FinishReason


class Low(msgspec.Struct, frozen=True, array_like=True):
    """Budget is nearly used (256 tokens or fewer left) or too small for the prompt."""

    request_id: str
    prompt_needed: int
    output_used: int


class Ended(msgspec.Struct, frozen=True, array_like=True):
    """Terminal: every choice ended or the request was cancelled."""

    request_id: str
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


class Refused(msgspec.Struct, frozen=True, array_like=True):
    """Terminal: this request alone failed. Codes are those of `Failed` in worker.proto."""

    request_id: str
    code: str
    message: str


class StepOutput(msgspec.Struct, frozen=True, kw_only=True):
    """All news of one step, in the order: cached, tokens, choice_ends, low, ended, refused."""

    step: int
    adapters: int = 0  # distinct adapters in this step's batch
    num_tokens: int = 0  # tokens that went through the model
    cached: list[Cached] = []
    tokens: list[Token] = []
    choice_ends: list[ChoiceEnd] = []
    low: list[Low] = []
    ended: list[Ended] = []
    refused: list[Refused] = []
    loaded: list[str] = []  # digests that entered a GPU slot
    evicted: list[str] = []  # digests that left one
    running: int = 0
    waiting: int = 0
    preemptions: int = 0  # in this step
    blocks_free: int = 0
    seconds: float = 0.0


_encoder = msgspec.msgpack.Encoder()
_to_core: msgspec.msgpack.Decoder[ToCore] = msgspec.msgpack.Decoder(ToCore)
_step_output = msgspec.msgpack.Decoder(StepOutput)


def encode(message: ToCore | StepOutput) -> bytes:
    return _encoder.encode(message)


def decode_to_core(data: bytes) -> ToCore:
    return _to_core.decode(data)


def decode_step_output(data: bytes) -> StepOutput:
    return _step_output.decode(data)
