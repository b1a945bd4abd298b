# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""See `motet_kernels.best_tokens`."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from motet_kernels._triton.launch import power_of_two


@triton.jit
def _best_tokens(logits, best, rows, stride, V: tl.constexpr, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    lane = tl.arange(0, BLOCK)
    peak = tl.full([BLOCK], -float("inf"), tl.float32)
    place = tl.zeros([BLOCK], tl.int32)
    for at in tl.range(0, V, BLOCK, loop_unroll_factor=4):
        token = at + lane
        value = tl.load(logits + row * stride + token, mask=token < V, other=-float("inf"))
        value = value.to(tl.float32)
        # NaN is greater than nothing; as infinity it wins, and the row is not finite either way.
        value = tl.where(value == value, value, float("inf"))
        higher = value > peak
        peak = tl.where(higher, value, peak)
        place = tl.where(higher, token, place)
    highest = tl.max(peak, 0)
    finite = (highest > -float("inf")) & (highest < float("inf"))
    tl.store(best + row, tl.min(tl.where(peak == highest, place, V), 0).to(tl.int64))
    tl.store(best + rows + row, finite.to(tl.int64))


def best_tokens_triton(logits: Tensor) -> Tensor:
    """One program for each row."""
    rows, vocabulary = logits.shape
    best = torch.empty((2, rows), dtype=torch.int64, device=logits.device)
    if logits.stride(-1) != 1:
        raise ValueError("best_tokens takes contiguous columns")
    if rows:
        block = min(16384, power_of_two(vocabulary))  # tuning only
        _best_tokens[(rows,)](
            logits, best, rows, logits.stride(0), V=vocabulary, BLOCK=block,
            num_warps=32 if block == 16384 else 4,
        )  # fmt: skip
    return best
