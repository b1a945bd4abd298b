# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""How a kernel reads a `Product`: some columns of one row, summed up in fp32."""

from typing import Any

import triton
import triton.language as tl

from motet_kernels.product import Low, Product

# Ranks at once: rank 8 does not pay for rank 64, nor does a kernel for ranks that no slot has.
RANKS = tl.constexpr(16)


@triton.jit
def summed(parts, row, column, wanted, part_stride, N: tl.constexpr, SPLITS: tl.constexpr):
    """`parts[:, row, column].sum(0)`."""
    there = parts + row * N + column
    total = tl.load(there, mask=wanted, other=0.0).to(tl.float32)
    for split in tl.static_range(1, SPLITS):
        total += tl.load(there + split * part_stride, mask=wanted, other=0.0).to(tl.float32)
    return total


@triton.jit
def slot_of(token_slot, ranks, row, LOW: tl.constexpr):
    """The row's slot and rank: -1 and 0 where it has no adapter."""
    slot = tl.full([], -1, tl.int64)
    rank = tl.full([], 0, tl.int32)
    if LOW:
        slot = tl.load(token_slot + row).to(tl.int64)
        rank = tl.load(ranks + tl.maximum(slot, 0))
        rank = tl.where(slot < 0, 0, rank)
    return slot, rank


@triton.jit
def adapter_rows(b, slot, column, wanted, first, N: tl.constexpr, WIDTH: tl.constexpr):
    """`b[slot, column, first : first + RANKS]`, whatever lies beyond the rank included.

    No kernel of a step writes an adapter: the first ranks are worth loading before `ready`. Which
    they are does not depend on the rank, so that nothing waits for that; what the memory moves at
    once has 16 ranks in any case.
    """
    r = first + tl.arange(0, RANKS)
    there = b + (slot * N + column.to(tl.int64))[:, None] * WIDTH + r[None, :]
    mask = (wanted & (slot >= 0))[:, None] & (r < WIDTH)[None, :]
    return tl.load(there, mask=mask, other=0.0)


@triton.jit
def _share(
    rows, hidden, rank, row, piece, first, hidden_stride,
    SLICES: tl.constexpr, PARTS: tl.constexpr, HELD: tl.constexpr,
):  # fmt: skip
    r = (first + tl.arange(0, RANKS))[None, :]
    there = hidden + (row * SLICES + piece) * HELD + r
    # One by one, each thread what it needs itself: a sum over threads takes a barrier.
    left = tl.load(there, mask=r < rank, other=0.0)
    for part in tl.static_range(1, PARTS):
        left += tl.load(there + part * hidden_stride, mask=r < rank, other=0.0)
    return tl.sum(tl.where(r < rank, rows.to(tl.float32), 0.0) * left, 1)


@triton.jit
def expanded(
    rows, hidden, b, slot, rank, row, piece, column, wanted, hidden_stride,
    N: tl.constexpr, WIDTH: tl.constexpr, SLICES: tl.constexpr, PARTS: tl.constexpr,
    HELD: tl.constexpr,
):  # fmt: skip
    """`hidden[:, row, piece, :rank].sum(0) @ b[slot, column, :rank]^T`, of which `rows` are the
    first `adapter_rows`."""
    total = _share(rows, hidden, rank, row, piece, 0, hidden_stride, SLICES, PARTS, HELD)
    for first in range(RANKS, rank, RANKS):
        more = adapter_rows(b, slot, column, wanted, first, N, WIDTH)
        total += _share(more, hidden, rank, row, piece, first, hidden_stride, SLICES, PARTS, HELD)
    return total


def sums(product: Product) -> dict[str, Any]:
    """What a kernel that reads a product's parts takes by these names."""
    splits, tokens, width = product.parts.shape
    return {
        "parts": product.parts, "part_stride": tokens * width, "N": width, "SPLITS": splits,
    }  # fmt: skip


def lows(low: Low) -> dict[str, Any]:
    """What a kernel that adds adapters takes besides."""
    parts, _, slices, held = low.hidden.shape
    return {
        "hidden": low.hidden, "hidden_stride": low.hidden.stride(0), "b": low.b,
        "token_slot": low.token_slot, "ranks": low.ranks, "WIDTH": low.b.shape[2],
        "SLICES": slices, "PARTS": parts, "HELD": held,
    }  # fmt: skip


def operands(product: Product) -> dict[str, Any]:
    """Both, for a kernel that adds adapters where LOW is set."""
    if product.low is not None:
        return {**sums(product), **lows(product.low), "LOW": True}
    tensors = dict.fromkeys(("hidden", "b", "token_slot", "ranks"), product.parts)
    numbers = dict.fromkeys(("WIDTH", "SLICES", "PARTS", "HELD"), 1)
    return {**sums(product), **tensors, **numbers, "hidden_stride": 0, "LOW": False}
