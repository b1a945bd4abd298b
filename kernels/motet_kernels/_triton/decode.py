# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""Attention of sequences with one row: keys split over programs, heads that share them packed."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from motet_kernels._triton.attend import absorb
from motet_kernels._triton.launch import (
    UP,
    early,
    multiprocessors,
    power_of_two,
    ready,
    started,
)
from motet_kernels.attention import AttentionBatch


@triton.jit
def _decode(
    q, k_cache, v_cache, out, part, level, query_start, kv_len, tables,
    q_stride, table_stride, scale, softcap,
    HEADS: tl.constexpr, KV_HEADS: tl.constexpr, D: tl.constexpr, PAGE: tl.constexpr,
    WINDOW: tl.constexpr, SOFTCAP: tl.constexpr, SPLITS: tl.constexpr,
    BLOCK_G: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr, UP: tl.constexpr,
    EARLY: tl.constexpr,
):  # fmt: skip
    """The output if SPLITS is 1, else a normalised part and its level, log2 of its weight."""
    started(EARLY)
    kv_head, split, sequence = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    row = tl.load(query_start + sequence)
    rows = tl.load(query_start + sequence + 1) - row
    length = tl.load(kv_len + sequence)
    ready(EARLY)
    if rows != 1:
        return
    GROUP: tl.constexpr = HEADS // KV_HEADS
    low = tl.maximum(0, length - WINDOW) if WINDOW > 0 else 0
    chunk = tl.cdiv(tl.cdiv(length - low, SPLITS), BLOCK_N) * BLOCK_N
    begin = low + split * chunk
    end = tl.minimum(begin + chunk, length)

    g = tl.arange(0, BLOCK_G)
    d = tl.arange(0, BLOCK_D)
    head = kv_head * GROUP + g
    live = (g < GROUP)[:, None] & (d < D)[None, :]
    here = row.to(tl.int64) * q_stride + head[:, None] * D + d[None, :]
    queries = tl.load(q + here, mask=live, other=0.0)
    position = tl.zeros([BLOCK_G], tl.int32) + (length - 1)
    acc = tl.zeros([BLOCK_G, BLOCK_D], tl.float32)
    peak = tl.full([BLOCK_G], -float("inf"), tl.float32)
    weight = tl.zeros([BLOCK_G], tl.float32)
    for at in range(begin, end, BLOCK_N):
        acc, peak, weight = absorb(
            acc, peak, weight, queries, position, at, end, k_cache, v_cache,
            tables + sequence.to(tl.int64) * table_stride, kv_head, scale, softcap,
            KV_HEADS, D, PAGE, WINDOW, SOFTCAP, BLOCK_N, BLOCK_D, True, UP,
        )  # fmt: skip
    if SPLITS == 1:
        there = (row.to(tl.int64) * HEADS + head[:, None]) * D + d[None, :]
        tl.store(out + there, acc / weight[:, None], mask=live)
    else:
        # An empty part has level -inf, and is never loaded.
        place = (sequence.to(tl.int64) * HEADS + head) * SPLITS + split
        tl.store(level + place, peak + tl.log2(weight), mask=g < GROUP)
        if begin < end:
            tl.store(part + place[:, None] * D + d[None, :], acc / weight[:, None], mask=live)


@triton.jit
def _merge(
    out, part, level, query_start, HEADS: tl.constexpr, D: tl.constexpr, SPLITS: tl.constexpr,
    BLOCK_D: tl.constexpr, EARLY: tl.constexpr,
):  # fmt: skip
    """Weigh a head's parts by their levels."""
    started(EARLY)
    ready(EARLY)
    head, sequence = tl.program_id(0), tl.program_id(1)
    row = tl.load(query_start + sequence)
    if tl.load(query_start + sequence + 1) - row != 1:
        return
    split = tl.arange(0, SPLITS)
    d = tl.arange(0, BLOCK_D)
    place = (sequence.to(tl.int64) * HEADS + head) * SPLITS + split
    levels = tl.load(level + place)
    share = tl.exp2(levels - tl.max(levels, 0))
    share = share / tl.sum(share, 0)
    live = (levels > -float("inf"))[:, None] & (d < D)[None, :]
    parts = tl.load(part + place[:, None] * D + d[None, :], mask=live, other=0.0)
    there = (row.to(tl.int64) * HEADS + head) * D + d
    tl.store(out + there, tl.sum(parts * share[:, None], 0), mask=d < D)


def decode_triton(
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
    """Fill the rows of `out` whose sequence has one row; the others are left alone."""
    _, heads, dim = q.shape
    page, kv_heads = k_cache.shape[1:3]
    sequences = batch.kv_len.shape[0]
    longest = batch.max_kv if window is None else min(batch.max_kv, window)
    splits = _splits(longest, sequences * kv_heads, multiprocessors(q.device))
    block_n, stages = _tile(q.dtype, dim)
    block_d = max(16, power_of_two(dim))
    shape = (sequences, heads, splits) if splits > 1 else (0,)
    level = torch.empty(shape, dtype=torch.float32, device=q.device)
    part = torch.empty((*shape, dim), dtype=torch.float32, device=q.device)
    _decode[(kv_heads, splits, sequences)](
        q, k_cache, v_cache, out, part, level, batch.query_start, batch.kv_len, batch.block_tables,
        q.stride(0), batch.block_tables.stride(0), scale, softcap or 0.0,
        HEADS=heads, KV_HEADS=kv_heads, D=dim, PAGE=page,
        WINDOW=window or 0, SOFTCAP=softcap is not None, SPLITS=splits,
        BLOCK_G=max(16, power_of_two(heads // kv_heads)), BLOCK_N=block_n, BLOCK_D=block_d, UP=UP,
        num_warps=4, num_stages=stages, **early(q.device),
    )  # fmt: skip
    if splits > 1:
        _merge[(heads, sequences)](
            out, part, level, batch.query_start,
            HEADS=heads, D=dim, SPLITS=splits, BLOCK_D=block_d, num_warps=4,
            **early(q.device),
        )  # fmt: skip


# The two functions below are tuning only.


def _splits(longest: int, programs: int, device_fill: int) -> int:
    """A power of two that fills the device, with at least 64 keys to each program."""
    splits = 1
    while splits < 64 and programs * splits < device_fill and longest > 64 * splits:
        splits *= 2
    return splits


def _tile(dtype: torch.dtype, dim: int) -> tuple[int, int]:
    """Keys at once, and how many such tiles are under way."""
    if dtype == torch.float32:
        return 16, 3 if dim <= 128 else 2
    return (64, 3) if dim <= 128 else (32, 2)
