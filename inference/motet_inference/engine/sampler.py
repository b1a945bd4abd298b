"""From logits to tokens."""

from dataclasses import dataclass

import torch
from motet_kernels import draw_tokens
from torch import Tensor

from motet_inference.engine.sampling import Filters, Penalties, SamplingBatch


@dataclass(frozen=True)
class Sampled:
    """One row's result. `finite` is False where the logits held NaN or infinity: no token then.

    Attributes:
        logprob: of the token, by the model's own distribution, before any option changed it.
        top: the best tokens by the same, best first.
    """

    token_id: int
    finite: bool
    logprob: float | None = None
    top: list[tuple[int, float]] | None = None


class Draw:
    """Tokens that the device is choosing; its results are on their way to the host.

    Attributes:
        best: int64 [2, R] on the device, as `best_tokens` gives them.
    """

    def __init__(
        self, best: Tensor, logits: Tensor, logprobs: tuple[int | None, ...] | None = None
    ) -> None:
        self.best = best
        self._logits, self._logprobs = logits, logprobs
        self._host, self._arrived = best, None
        if best.is_cuda:
            # `best` may be a buffer that the next step writes to; the copy is queued before it.
            self._host = torch.empty(best.shape, dtype=best.dtype, pin_memory=True)
            self._host.copy_(best, non_blocking=True)
            self._arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._arrived.record()

    def read(self) -> list[Sampled]:
        """Wait for the results. Logprobs must be read before the next step is launched."""
        if self._arrived is not None:
            self._arrived.synchronize()
        ids, fine = self._host.tolist()
        rows = [Sampled(token_id=i, finite=bool(f)) for i, f in zip(ids, fine, strict=True)]
        if self._logprobs is None:
            return rows
        return _with_logprobs(rows, self._logits.float(), self.best[0], self._logprobs)


def sample(logits: Tensor, sampling: SamplingBatch) -> Draw:
    """Choose each row's next token.

    The options apply in this order: repetition, frequency and presence penalty, logit bias,
    temperature, top_k, top_p, min_p. A row at temperature 0 takes the best after the bias.

    Args:
        logits: [R, V], any dtype.
        sampling: of the same R rows.
    """
    adjusted = logits
    if sampling.penalties is not None or sampling.bias is not None:
        adjusted = _adjust(logits.float(), sampling)
    if sampling.filters is not None:
        adjusted = _filter(adjusted.float(), sampling, sampling.filters)
    best = draw_tokens(adjusted, sampling.temperature, sampling.keys)
    if adjusted is not logits:
        best[1] = logits.amax(-1).isfinite()  # what was filtered out may not have been
    return Draw(best, logits, sampling.logprobs)


def _adjust(raw: Tensor, sampling: SamplingBatch) -> Tensor:
    """Penalties and bias, on a copy."""
    adjusted = raw.clone()
    if sampling.penalties is not None:
        rows = sampling.penalties.rows
        adjusted[rows] = _penalise(raw[rows], sampling.penalties, sampling.prompts)
    if sampling.bias is not None:
        (rows, tokens), values = sampling.bias
        adjusted.index_put_((rows, tokens), values, accumulate=True)
    return adjusted


def _penalise(logits: Tensor, penalties: Penalties, prompts: Tensor | None) -> Tensor:
    """Repetition counts prompt and output (Keskar et al., 2019); the others, the output only."""
    counts = torch.zeros_like(logits)
    rows, tokens = penalties.output
    counts.index_put_((rows, tokens), torch.ones_like(rows, dtype=counts.dtype), accumulate=True)
    produced = counts > 0
    seen = produced if prompts is None else produced | prompts
    repeated = torch.where(logits > 0, logits / penalties.repetition, logits * penalties.repetition)
    logits = torch.where(seen, repeated, logits)
    return logits - penalties.frequency * counts - penalties.presence * produced


def _filter(logits: Tensor, sampling: SamplingBatch, filters: Filters) -> Tensor:
    """Minus infinity for what top_k, top_p and min_p drop; the best token always stays."""
    rows = sampling.drawn
    scores = logits[rows] / sampling.temperature[rows].unsqueeze(1)
    ordered, order = scores.sort(stable=True, dim=-1, descending=True)
    rank = torch.arange(scores.shape[1], device=scores.device)
    ordered = ordered.masked_fill(rank >= filters.top_k, float("-inf"))
    probability = ordered.double().softmax(-1)
    before = probability.cumsum(-1) - probability
    drop = (before >= filters.top_p) | (probability < filters.min_p * probability[:, :1])
    drop |= rank >= filters.top_k
    drop[:, 0] = False
    dropped = torch.zeros_like(drop).scatter_(1, order, drop)
    kept = logits.clone()
    kept[rows] = logits[rows].masked_fill(dropped, float("-inf"))
    return kept


def _with_logprobs(
    rows: list[Sampled], raw: Tensor, tokens: Tensor, wanted: tuple[int | None, ...]
) -> list[Sampled]:
    asking = [row for row, count in enumerate(wanted) if count is not None]
    if not asking:
        return rows
    at = torch.tensor(asking, device=raw.device)
    logprobs = raw[at].log_softmax(-1)
    own = logprobs.gather(1, tokens[at].unsqueeze(1)).squeeze(1).tolist()
    most = min(max(wanted[row] or 0 for row in asking), raw.shape[1])
    best, ids = (t.tolist() for t in logprobs.topk(most, dim=-1))
    for i, row in enumerate(asking):
        count = wanted[row] or 0
        top = list(zip(ids[i], best[i], strict=True))[:count]
        rows[row] = Sampled(
            token_id=rows[row].token_id, finite=rows[row].finite, logprob=own[i], top=top
        )
    return rows
