# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""Attention of sequences with several rows, over their cached prefix and themselves."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from motet_kernels._triton.attend import absorb
from motet_kernels._triton.launch import UP, power_of_two
from motet_kernels.attention import AttentionBatch


@triton.jit
def _owner(query_start, sequences, tile, BLOCK_Q: tl.constexpr):
    """The sequence of a tile, where sequence b's tiles start at `query_start[b] // BLOCK_Q + b`.

    Those starts leave each sequence room for its tiles, so that the grid needs no device value.
    """
    low, high = 0, sequences - 1
    while low < high:
        middle = (low + high + 1) // 2
        if tl.load(query_start + middle) // BLOCK_Q + middle <= tile:
            low = middle
        else:
            high = middle - 1
    return low


@triton.jit
def _prefill(
    q, k_cache, v_cache, out, query_start, kv_len, tables,
    sequences, q_stride, table_stride, scale, softcap,
    HEADS: tl.constexpr, KV_HEADS: tl.constexpr, D: tl.constexpr, PAGE: tl.constexpr,
    WINDOW: tl.constexpr, SOFTCAP: tl.constexpr, BLOCK_Q: tl.constexpr, BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr, UP: tl.constexpr,
):  # fmt: skip
    """BLOCK_Q tokens times the heads that share a key-value head, packed into BLOCK_M rows."""
    kv_head = tl.program_id(0)
    # Late tiles see the most keys; they start first, so that no long one is left over at the end.
    tile = tl.num_programs(1) - 1 - tl.program_id(1)
    sequence = _owner(query_start, sequences, tile, BLOCK_Q)
    start = tl.load(query_start + sequence)
    rows = tl.load(query_start + sequence + 1) - start
    first = (tile - start // BLOCK_Q - sequence) * BLOCK_Q
    if (rows <= 1) | (first >= rows):
        return
    GROUP: tl.constexpr = HEADS // KV_HEADS
    length = tl.load(kv_len + sequence)
    m = tl.arange(0, BLOCK_M)
    d = tl.arange(0, BLOCK_D)
    query = first + m // GROUP
    head = kv_head * GROUP + m % GROUP
    live = ((m // GROUP < BLOCK_Q) & (query < rows))[:, None] & (d < D)[None, :]
    row = (start + query).to(tl.int64)
    queries = tl.load(
        q + row[:, None] * q_stride + head[:, None] * D + d[None, :], mask=live, other=0.0
    )
    position = length - rows + query
    oldest = length - rows + first
    end = tl.minimum(oldest + BLOCK_Q, length)
    low = tl.maximum(0, oldest - WINDOW + 1) // BLOCK_N * BLOCK_N if WINDOW > 0 else 0
    # Below `whole`, every row sees every key, and no mask is needed.
    whole = low if WINDOW > 0 else (oldest + 1) // BLOCK_N * BLOCK_N
    table = tables + sequence.to(tl.int64) * table_stride
    acc = tl.zeros([BLOCK_M, BLOCK_D], tl.float32)
    peak = tl.full([BLOCK_M], -float("inf"), tl.float32)
    weight = tl.zeros([BLOCK_M], tl.float32)
    for at in range(low, whole, BLOCK_N):
        acc, peak, weight = absorb(
            acc, peak, weight, queries, position, at, whole, k_cache, v_cache, table, kv_head,
            scale, softcap, KV_HEADS, D, PAGE, WINDOW, SOFTCAP, BLOCK_N, BLOCK_D, False, UP,
        )  # fmt: skip
    for at in range(whole, end, BLOCK_N):
        acc, peak, weight = absorb(
            acc, peak, weight, queries, position, at, end, k_cache, v_cache, table, kv_head,
            scale, softcap, KV_HEADS, D, PAGE, WINDOW, SOFTCAP, BLOCK_N, BLOCK_D, True, UP,
        )  # fmt: skip
    # Rows of padding may have seen nothing; they are not stored.
    result = acc / tl.where(weight == 0.0, 1.0, weight)[:, None]
    tl.store(out + (row[:, None] * HEADS + head[:, None]) * D + d[None, :], result, mask=live)


def prefill_triton(
    q: Tensor,
    k_cache: Tensor,
    v_cache: Tensor,
    out: Tensor,
    batch: AttentionBatch,
    *,
    scale: float,
    window: int | None,
    softcap: float | None,
) -> None:
    """Fill the rows of `out` whose sequence has several rows; the others are left alone."""
    tokens, heads, dim = q.shape
    page, kv_heads = k_cache.shape[1:3]
    sequences = batch.kv_len.shape[0]
    group = heads // kv_heads
    block_m, block_n, warps = _blocks(q.dtype, dim, group, batch.max_query)
    block_q = block_m // group
    _prefill[(kv_heads, tokens // block_q + sequences)](
        q, k_cache, v_cache, out, batch.query_start, batch.kv_len, batch.block_tables,
        sequences, q.stride(0), batch.block_tables.stride(0), scale, softcap or 0.0,
        HEADS=heads, KV_HEADS=kv_heads, D=dim, PAGE=page,
        WINDOW=window or 0, SOFTCAP=softcap is not None, BLOCK_Q=block_q, BLOCK_M=block_m,
        BLOCK_N=block_n, BLOCK_D=max(16, power_of_two(dim)), UP=UP,
        num_warps=warps, num_stages=2,
    )  # fmt: skip


def _blocks(dtype: torch.dtype, dim: int, group: int, max_query: int) -> tuple[int, int, int]:
    """BLOCK_M, BLOCK_N and warps. Tuning only."""
    wanted = power_of_two(max_query * group)
    if dtype == torch.float32:
        most, block_n = 16, 16
    else:
        most, block_n = (128, 64) if dim <= 128 else (64, 32)
    block_m = max(16, min(most, wanted), power_of_two(group))
    return block_m, block_n, 8 if block_m >= 128 else 4
