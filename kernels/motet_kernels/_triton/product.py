# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""How a kernel reads a `Product`: some columns of one row, summed up in fp32."""

from typing import Any

import triton
import triton.language as tl

from motet_kernels._triton.launch import power_of_two
from motet_kernels.product import Product

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
    """The row's slot and rank; rank 0 where it has no adapter."""
    slot = tl.full([], 0, tl.int64)
    rank = tl.full([], 0, tl.int32)
    if LOW:
        found = tl.load(token_slot + row)
        slot = tl.maximum(found, 0).to(tl.int64)
        rank = tl.where(found < 0, 0, tl.load(ranks + slot))
    return slot, rank


@triton.jit
def adapter_rows(b, slot, rank, column, wanted, first, N: tl.constexpr, WIDTH: tl.constexpr):
    """`b[slot, column, first : first + RANKS]`: zero beyond the rank, and where it is not wanted.

    No kernel of a step writes an adapter: the first ranks are worth loading before `ready`.
    """
    r = first + tl.arange(0, RANKS)
    # Up to seven ranks too many: only a mask that is the same for eight neighbours leaves their
    # load in one piece.
    held = (r < (rank + 7) // 8 * 8) & (r < WIDTH)
    there = b + (slot * N + column.to(tl.int64))[:, None] * WIDTH + r[None, :]
    rows = tl.load(there, mask=wanted[:, None] & held[None, :], other=0.0)
    return tl.where((r < rank)[None, :], rows, 0.0)


@triton.jit
def _share(
    rows, hidden, rank, row, piece, first, hidden_stride,
    SLICES: tl.constexpr, PARTS: tl.constexpr, BLOCK_P: tl.constexpr, HELD: tl.constexpr,
):  # fmt: skip
    p = tl.arange(0, BLOCK_P)
    r = first + tl.arange(0, RANKS)
    there = hidden + (row * SLICES + piece) * HELD + p[:, None] * hidden_stride + r[None, :]
    mask = (p < PARTS)[:, None] & (r < rank)[None, :]
    left = tl.sum(tl.load(there, mask=mask, other=0.0), 0)
    return tl.sum(rows.to(tl.float32) * left[None, :], 1)


@triton.jit
def expanded(
    rows, hidden, b, slot, rank, row, piece, column, wanted, hidden_stride,
    N: tl.constexpr, WIDTH: tl.constexpr, SLICES: tl.constexpr, PARTS: tl.constexpr,
    BLOCK_P: tl.constexpr, HELD: tl.constexpr,
):  # fmt: skip
    """`hidden[:, row, piece, :rank].sum(0) @ b[slot, column, :rank]^T`, of which `rows` are the
    first `adapter_rows`."""
    total = _share(
        rows, hidden, rank, row, piece, 0, hidden_stride, SLICES, PARTS, BLOCK_P, HELD
    )  # fmt: skip
    for first in range(RANKS, rank, RANKS):
        more = adapter_rows(b, slot, rank, column, wanted, first, N, WIDTH)
        total += _share(
            more, hidden, rank, row, piece, first, hidden_stride, SLICES, PARTS, BLOCK_P, HELD
        )
    return total


def operands(product: Product) -> dict[str, Any]:
    """What every kernel that reads a product takes by these names."""
    splits, tokens, width = product.parts.shape
    low = product.low
    return {
        "parts": product.parts,
        "part_stride": tokens * width,
        "hidden": low.hidden if low else product.parts,
        "hidden_stride": low.hidden.stride(0) if low else 0,
        "b": low.b if low else product.parts,
        "token_slot": low.token_slot if low else product.parts,
        "ranks": low.ranks if low else product.parts,
        "N": width,
        "SPLITS": splits,
        "LOW": low is not None,
        "WIDTH": low.b.shape[2] if low else 1,
        "SLICES": len(low.slices) if low else 1,
        "PARTS": low.hidden.shape[0] if low else 1,
        "BLOCK_P": power_of_two(low.hidden.shape[0]) if low else 1,
        "HELD": low.hidden.shape[3] if low else 1,
    }
