# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""See `motet_kernels.rope`."""

import triton
import triton.language as tl
from torch import Tensor

from motet_kernels._triton.launch import power_of_two


@triton.jit
def _rotate(heads, cos, sin, live, HALF: tl.constexpr):
    a = tl.load(heads, mask=live).to(tl.float32)
    b = tl.load(heads + HALF, mask=live).to(tl.float32)
    tl.store(heads, a * cos - b * sin, mask=live)
    tl.store(heads + HALF, b * cos + a * sin, mask=live)


@triton.jit
def _rope(
    q, k, positions, cos, sin, q_stride, k_stride,
    HEADS: tl.constexpr, KV_HEADS: tl.constexpr, HALF: tl.constexpr,
    BLOCK_Q: tl.constexpr, BLOCK_K: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    token = tl.program_id(0).to(tl.int64)
    position = tl.load(positions + token)
    d = tl.arange(0, BLOCK)
    c = tl.load(cos + position * HALF + d, mask=d < HALF, other=0.0)[None, :]
    s = tl.load(sin + position * HALF + d, mask=d < HALF, other=0.0)[None, :]
    head = tl.arange(0, BLOCK_Q)[:, None]
    live = (head < HEADS) & (d < HALF)[None, :]
    _rotate(q + token * q_stride + head * (2 * HALF) + d[None, :], c, s, live, HALF)
    head = tl.arange(0, BLOCK_K)[:, None]
    live = (head < KV_HEADS) & (d < HALF)[None, :]
    _rotate(k + token * k_stride + head * (2 * HALF) + d[None, :], c, s, live, HALF)


def rope_triton(q: Tensor, k: Tensor, positions: Tensor, cos: Tensor, sin: Tensor) -> None:
    """Rotate in place; one program for each token."""
    tokens, heads, dim = q.shape
    kv_heads = k.shape[1]
    if not tokens:
        return
    _rope[(tokens,)](
        q, k, positions, cos, sin, q.stride(0), k.stride(0),
        HEADS=heads, KV_HEADS=kv_heads, HALF=dim // 2,
        BLOCK_Q=power_of_two(heads), BLOCK_K=power_of_two(kv_heads),
        BLOCK=power_of_two(dim // 2), num_warps=4,
    )  # fmt: skip
