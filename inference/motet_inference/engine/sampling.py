"""How the rows of one step are to be sampled, as tensors."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import torch
from torch import Tensor

from motet_inference.engine.messages import Sampling
from motet_inference.engine.request import Choice, Request
from motet_inference.engine.rng import row_key
from motet_inference.engine.transfer import send


@dataclass(frozen=True)
class Penalties:
    """Of P rows: which tokens they hold (coordinates row, token) and what that costs.

    Attributes:
        rows: int64 [P], rows of the step.
        output: int64 [2, *], sampled tokens, each as often as it was sampled.
        presence, frequency, repetition: fp32 [P, 1].
    """

    rows: Tensor
    output: Tensor
    presence: Tensor
    frequency: Tensor
    repetition: Tensor


@dataclass(frozen=True)
class Filters:
    """Of D drawn rows: top_k int64, top_p and min_p fp32, each [D, 1]; off is V, 2 and 0."""

    top_k: Tensor
    top_p: Tensor
    min_p: Tensor


@dataclass(frozen=True)
class SamplingBatch:
    """What the sampler needs to know about R rows.

    Attributes:
        num_rows: R.
        drawn: int64 [D], the rows that are not greedy.
        temperature: fp32 [R], 0 where a row is greedy.
        keys: int64 [R], see `rng.row_key`.
        filters: None when no drawn row has one.
        penalties: None when no row has one.
        prompts: bool [P, V], which tokens the penalised rows' prompts hold; None where that counts
            for none.
        bias: int64 [2, *] coordinates and fp32 [*] values; None when no row has one.
        logprobs: per row, how many of the best tokens to report, None for no logprobs at all.
    """

    num_rows: int
    drawn: Tensor
    temperature: Tensor
    keys: Tensor
    filters: Filters | None
    penalties: Penalties | None
    prompts: Tensor | None
    bias: tuple[Tensor, Tensor] | None
    logprobs: tuple[int | None, ...]

    @classmethod
    def build(
        cls,
        choices: Sequence[Choice],
        *,
        vocab_size: int,
        device: torch.device | str,
        unread: int = 0,
    ) -> SamplingBatch:
        """One row per choice, for its next token after so many that are sampled and not read.

        All of it goes to the device in one transfer.
        """
        params = [choice.request.sampling for choice in choices]
        drawn = [row for row, p in enumerate(params) if p.temperature > 0]
        keys = [
            row_key(request_seed(choice), choice.index, len(choice.tokens) + unread)
            if choice.request.sampling.temperature > 0
            else 0
            for choice in choices
        ]
        host = cls(
            num_rows=len(choices),
            drawn=torch.tensor(drawn, dtype=torch.int64),
            temperature=torch.tensor([p.temperature for p in params], dtype=torch.float32),
            keys=torch.tensor(keys, dtype=torch.int64),
            filters=_filters(choices, drawn, vocab_size),
            penalties=_penalties(choices),
            prompts=_prompts(choices, vocab_size, device),
            bias=_bias(choices),
            logprobs=tuple(p.logprobs for p in params),
        )
        return host.on(device)

    def on(self, device: torch.device | str) -> SamplingBatch:
        """The same on a device."""
        host = [self.drawn, self.temperature, self.keys]
        for part in (self.filters, self.penalties):
            host += vars(part).values() if part else ()
        sent = iter(send([*host, *(self.bias or ())], device))
        drawn, temperature, keys = next(sent), next(sent), next(sent)
        return replace(
            self,
            drawn=drawn,
            temperature=temperature,
            keys=keys,
            filters=self.filters and Filters(*islice(sent, len(vars(self.filters)))),
            penalties=self.penalties and Penalties(*islice(sent, len(vars(self.penalties)))),
            bias=self.bias and (next(sent), next(sent)),
        )


def is_greedy(choices: Sequence[Choice]) -> bool:
    """Whether every row takes its best token, and no option asks for more than that."""
    return not any(_has_options(choice.request.sampling) for choice in choices)


def needs_output(choices: Sequence[Choice]) -> bool:
    """Whether a row's next token cannot be chosen before all its earlier ones are read."""
    params = [choice.request.sampling for choice in choices]
    return any(p.logprobs is not None or _penalised(p) for p in params)


def _has_options(p: Sampling) -> bool:
    return bool(p.temperature > 0 or p.logit_bias or p.logprobs is not None) or _penalised(p)


def _penalised(p: Sampling) -> bool:
    return bool(p.presence_penalty or p.frequency_penalty or p.repetition_penalty != 1)


def request_seed(choice: Choice) -> int:
    """The seed asked for; a request without one still repeats under its own id."""
    seed = choice.request.sampling.seed
    if seed is not None:
        return seed
    return int.from_bytes(hashlib.blake2b(choice.request.id.encode(), digest_size=8).digest())


def _column(values: list[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float32).unsqueeze(1)


def _filters(choices: Sequence[Choice], drawn: list[int], vocab_size: int) -> Filters | None:
    params = [choices[row].request.sampling for row in drawn]
    if not any(p.top_k or p.top_p < 1 or p.min_p for p in params):
        return None
    top_k = [min(p.top_k, vocab_size) or vocab_size for p in params]
    return Filters(
        top_k=torch.tensor(top_k, dtype=torch.int64).unsqueeze(1),
        top_p=_column([p.top_p if p.top_p < 1 else 2.0 for p in params]),
        min_p=_column([p.min_p for p in params]),
    )


def _penalties(choices: Sequence[Choice]) -> Penalties | None:
    rows = [
        row for row, p in enumerate(choice.request.sampling for choice in choices) if _penalised(p)
    ]
    if not rows:
        return None
    penalised = [choices[row] for row in rows]
    params = [choice.request.sampling for choice in penalised]
    return Penalties(
        rows=torch.tensor(rows, dtype=torch.int64),
        output=_by_row([choice.sampled() for choice in penalised]),
        presence=_column([p.presence_penalty for p in params]),
        frequency=_column([p.frequency_penalty for p in params]),
        repetition=_column([p.repetition_penalty for p in params]),
    )


def _prompts(
    choices: Sequence[Choice], vocab_size: int, device: torch.device | str
) -> Tensor | None:
    """Each request's row of it stays on the device, since a prompt may hold 100,000 tokens."""
    requests = [choice.request for choice in choices if _penalised(choice.request.sampling)]
    if all(request.sampling.repetition_penalty == 1 for request in requests):
        return None
    return torch.stack([_held(request, vocab_size, device) for request in requests])


def _held(request: Request, vocab_size: int, device: torch.device | str) -> Tensor:
    """bool [V]."""
    if request.held is None:
        held = torch.zeros(vocab_size, dtype=torch.bool)
        if request.sampling.repetition_penalty != 1:
            held[torch.tensor(request.prompt)] = True
        (request.held,) = send([held], device)
    return request.held


def _bias(choices: Sequence[Choice]) -> tuple[Tensor, Tensor] | None:
    biased = [
        (row, token, value)
        for row, choice in enumerate(choices)
        for token, value in choice.request.sampling.logit_bias.items()
    ]
    if not biased:
        return None
    values = torch.tensor([b[2] for b in biased], dtype=torch.float32)
    return _coordinates([b[:2] for b in biased]), values


def _by_row(tokens: Sequence[array[int]]) -> Tensor:
    """Coordinates int64 [2, *]: every token with the number of its row.

    No Python per token: a long answer has many, and they are sent with every step.
    """
    rows = torch.arange(len(tokens)).repeat_interleave(torch.tensor([len(row) for row in tokens]))
    out = torch.empty(2, len(rows), dtype=torch.int64)
    out[0] = rows
    at = 0
    for row in tokens:
        if row:
            out[1, at : at + len(row)] = torch.frombuffer(row, dtype=torch.int64)
            at += len(row)
    return out


def _coordinates(pairs: list[tuple[int, int]]) -> Tensor:
    return torch.tensor(pairs, dtype=torch.int64).view(-1, 2).t()
