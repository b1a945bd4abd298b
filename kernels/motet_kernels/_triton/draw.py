# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""See `motet_kernels.draw`."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from motet_kernels._triton.launch import power_of_two

# Programs that share a row: two logarithms in fp64 for each token are much for one.
_SPLITS = 16


@triton.jit
def _mixed(key, token):
    """SplitMix64's output for the token-th step of the key's stream, its upper 52 bits."""
    z = key + (token.to(tl.int64) + 1) * -7046029254386353131
    z = (z ^ ((z >> 30) & 0x3FFFFFFFF)) * -4658895280553007687
    z = (z ^ ((z >> 27) & 0x1FFFFFFFFF)) * -7723592293110705685
    z = z ^ ((z >> 31) & 0x1FFFFFFFF)
    return (z >> 12) & 0xFFFFFFFFFFFFF


@triton.jit
def _draw_part(
    logits, temperature, keys, scores, places, peaks, stride,
    V: tl.constexpr, PART: tl.constexpr, BLOCK: tl.constexpr, SPLITS: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0).to(tl.int64)
    split = tl.program_id(1)
    heat = tl.load(temperature + row)
    key = tl.load(keys + row)
    lane = tl.arange(0, BLOCK)
    best = tl.full([BLOCK], -float("inf"), tl.float64)
    place = tl.full([BLOCK], V, tl.int32)
    peak = tl.full([BLOCK], -float("inf"), tl.float32)
    for at in tl.range(0, PART, BLOCK):
        token = split * PART + at + lane
        inside = (at + lane < PART) & (token < V)
        value = tl.load(logits + row * stride + token, mask=inside, other=-float("inf"))
        value = value.to(tl.float32)
        # NaN is greater than nothing; as infinity it wins, and the row is not finite either way.
        value = tl.where(value == value, value, float("inf"))
        peak = tl.maximum(peak, value)
        if heat > 0:
            even = (_mixed(key, token).to(tl.float64) + 0.5) * 2.220446049250313e-16
            score = tl.div_rn(value, heat).to(tl.float64) - tl.log(-tl.log(even))
        else:
            score = value.to(tl.float64)
        # The first one too, where all are minus infinity: a row has a place in any case.
        higher = inside & ((score > best) | (place == V))
        best = tl.where(higher, score, best)
        place = tl.where(higher, token, place)
    highest = tl.max(best, 0)
    out = row * SPLITS + split
    tl.store(scores + out, highest)
    tl.store(places + out, tl.min(tl.where(best == highest, place, V), 0))
    tl.store(peaks + out, tl.max(peak, 0))


@triton.jit
def _draw_join(scores, places, peaks, drawn, rows, SPLITS: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    lane = row * SPLITS + tl.arange(0, SPLITS)
    score = tl.load(scores + lane)
    highest = tl.max(score, 0)
    place = tl.where(score == highest, tl.load(places + lane), 2147483647)
    peak = tl.max(tl.load(peaks + lane), 0)
    finite = (peak > -float("inf")) & (peak < float("inf"))
    tl.store(drawn + row, tl.min(place, 0).to(tl.int64))
    tl.store(drawn + rows + row, finite.to(tl.int64))


def draw_tokens_triton(logits: Tensor, temperature: Tensor, keys: Tensor) -> Tensor:
    """Each row's parts, and then the best of them."""
    rows, vocabulary = logits.shape
    drawn = torch.empty((2, rows), dtype=torch.int64, device=logits.device)
    if not rows:
        return drawn
    shape = rows, _SPLITS
    scores = torch.empty(shape, dtype=torch.float64, device=logits.device)
    places = torch.empty(shape, dtype=torch.int32, device=logits.device)
    peaks = torch.empty(shape, dtype=torch.float32, device=logits.device)
    part = -(-vocabulary // _SPLITS)
    _draw_part[shape](
        logits, temperature, keys, scores, places, peaks, logits.stride(0),
        V=vocabulary, PART=part, BLOCK=min(1024, power_of_two(part)), SPLITS=_SPLITS, num_warps=4,
    )  # fmt: skip
    _draw_join[(rows,)](scores, places, peaks, drawn, rows, SPLITS=_SPLITS, num_warps=1)
    return drawn
