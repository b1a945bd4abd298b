# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""See `motet_kernels.experts`."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from motet_kernels._triton.launch import UP, power_of_two
from motet_kernels.experts import Routing


@triton.jit
def _owner(starts, experts, tile, BLOCK_M: tl.constexpr):
    """The expert of a tile, where expert e's tiles start at `starts[e] // BLOCK_M + e`.

    Those starts leave each expert room for its tiles, so that the grid needs no device value.
    """
    low, high = 0, experts - 1
    while low < high:
        middle = (low + high + 1) // 2
        if tl.load(starts + middle) // BLOCK_M + middle <= tile:
            low = middle
        else:
            high = middle - 1
    return low


@triton.jit
def _expert_linear(
    x, weight, out, order, starts, experts, choices,
    N: tl.constexpr, K: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr, UP: tl.constexpr,
):  # fmt: skip
    """BLOCK_M pairs of one expert times BLOCK_N of its outputs."""
    tile = tl.program_id(1)
    expert = _owner(starts, experts, tile, BLOCK_M)
    start = tl.load(starts + expert)
    end = tl.load(starts + expert + 1)
    start += (tile - start // BLOCK_M - expert) * BLOCK_M
    if start >= end:
        return
    m = start + tl.arange(0, BLOCK_M)
    n = tl.program_id(0) * BLOCK_N + tl.arange(0, BLOCK_N)
    k = tl.arange(0, BLOCK_K)
    pair = tl.load(order + m, mask=m < end, other=0)
    left = x + (pair // choices)[:, None] * K + k[None, :]
    right = weight + (expert.to(tl.int64) * N + n[None, :]) * K + k[:, None]
    acc = tl.zeros([BLOCK_M, BLOCK_N], tl.float32)
    for at in range(0, K, BLOCK_K):
        inside = at + k < K
        a = tl.load(left + at, mask=(m < end)[:, None] & inside[None, :], other=0.0)
        b = tl.load(right + at, mask=(n < N)[None, :] & inside[:, None], other=0.0)
        if UP:
            a, b = a.to(tl.float32), b.to(tl.float32)
        acc = tl.dot(a, b, acc, input_precision="tf32x3")
    there = out + pair[:, None] * N + n[None, :]
    tl.store(there, acc, mask=(m < end)[:, None] & (n < N)[None, :])


def expert_linear_triton(x: Tensor, weight: Tensor, routing: Routing) -> Tensor:
    """One launch for all experts; the grid has room for any distribution of the pairs."""
    experts, width, inputs = weight.shape
    pairs = len(routing.order)
    out = torch.empty(pairs, width, dtype=x.dtype, device=x.device)
    block_m, block_n, block_k, warps = _blocks(x.dtype, pairs, experts)
    tiles = pairs // block_m + experts
    _expert_linear[(triton.cdiv(width, block_n), tiles)](
        x, weight, out, routing.order, routing.starts, experts, pairs // len(x),
        N=width, K=inputs, BLOCK_M=block_m, BLOCK_N=block_n, BLOCK_K=block_k, UP=UP,
        num_warps=warps, num_stages=3,
    )  # fmt: skip
    return out


def _blocks(dtype: torch.dtype, pairs: int, experts: int) -> tuple[int, int, int, int]:
    """BLOCK_M, BLOCK_N, BLOCK_K and warps. Tuning only."""
    if dtype == torch.float32:
        return 16, 32, 32, 4
    block_m = min(128, max(16, power_of_two(-(-pairs // experts))))
    return block_m, 128 if block_m >= 64 else 64, 64, 8 if block_m >= 128 else 4
