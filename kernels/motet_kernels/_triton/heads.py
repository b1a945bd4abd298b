# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""See `motet_kernels.heads`."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from motet_kernels._triton.launch import early, power_of_two, ready, started
from motet_kernels._triton.product import adapter_rows, expanded, operands, slot_of, summed
from motet_kernels.product import Product

# Heads and warps of a program; tuning only.
FEW_TOKENS, MANY_TOKENS = (2, 2), (8, 4)


@triton.jit
def _place_heads(
    q, k_cache, v_cache, positions, places, cos, sin, q_norm, k_norm, eps,
    parts, hidden, b, token_slot, ranks, part_stride, hidden_stride,
    N: tl.constexpr, SPLITS: tl.constexpr, LOW: tl.constexpr, WIDTH: tl.constexpr,
    SLICES: tl.constexpr, PARTS: tl.constexpr, HELD: tl.constexpr,
    HEADS: tl.constexpr, KV_HEADS: tl.constexpr, HALF: tl.constexpr, NORMS: tl.constexpr,
    BLOCK_H: tl.constexpr, BLOCK_D: tl.constexpr, EARLY: tl.constexpr,
):  # fmt: skip
    """Some heads of one token, all of them queries, keys or values, as two tiles of halves."""
    started(EARLY)
    D: tl.constexpr = 2 * HALF
    QUERIES: tl.constexpr = (HEADS + BLOCK_H - 1) // BLOCK_H
    KEYS: tl.constexpr = (KV_HEADS + BLOCK_H - 1) // BLOCK_H
    row = tl.program_id(0).to(tl.int64)
    group = tl.program_id(1)
    piece = (group >= QUERIES).to(tl.int32) + (group >= QUERIES + KEYS).to(tl.int32)
    skipped = tl.where(piece == 0, 0, tl.where(piece == 1, QUERIES, QUERIES + KEYS))
    offset = tl.where(piece == 0, 0, tl.where(piece == 1, HEADS, HEADS + KV_HEADS)) * D
    count = tl.where(piece == 0, HEADS, KV_HEADS)
    i = tl.arange(0, BLOCK_H * BLOCK_D)
    head = (group - skipped) * BLOCK_H + i // BLOCK_D
    d = i % BLOCK_D
    live = (head < count) & (d < HALF)
    column = offset + head * D + d
    slot, rank = slot_of(token_slot, ranks, row, LOW)
    position = tl.load(positions + row)
    place = tl.load(places + row)
    c = tl.load(cos + position * HALF + d, mask=live, other=0.0)
    s = tl.load(sin + position * HALF + d, mask=live, other=0.0)
    if LOW:
        lefts = adapter_rows(b, slot, column, live, 0, N, WIDTH)
        rights = adapter_rows(b, slot, column + HALF, live, 0, N, WIDTH)
    ready(EARLY)
    left = summed(parts, row, column, live, part_stride, N, SPLITS)
    right = summed(parts, row, column + HALF, live, part_stride, N, SPLITS)
    if LOW:
        left += expanded(
            lefts, hidden, b, slot, rank, row, piece, column, live, hidden_stride,
            N, WIDTH, SLICES, PARTS, HELD,
        )  # fmt: skip
        right += expanded(
            rights, hidden, b, slot, rank, row, piece, column + HALF, live, hidden_stride,
            N, WIDTH, SLICES, PARTS, HELD,
        )  # fmt: skip
    if piece < 2:
        if NORMS:
            norm = q_norm if piece == 0 else k_norm
            squares = tl.reshape(left * left + right * right, [BLOCK_H, BLOCK_D])
            scale = tl.rsqrt(tl.sum(squares, 1) / D + eps)
            scale = tl.reshape(
                tl.broadcast_to(scale[:, None], [BLOCK_H, BLOCK_D]), [BLOCK_H * BLOCK_D]
            )
            left *= scale * tl.load(norm + d, mask=live, other=0.0).to(tl.float32)
            right *= scale * tl.load(norm + HALF + d, mask=live, other=0.0).to(tl.float32)
        turned = left * c - right * s
        right = right * c + left * s
        left = turned
    if piece == 0:
        there = q + (row * HEADS + head) * D + d
        tl.store(there, left, mask=live)
        tl.store(there + HALF, right, mask=live)
    elif place >= 0:
        there = (place * KV_HEADS + head) * D + d
        if piece == 1:
            tl.store(k_cache + there, left, mask=live)
            tl.store(k_cache + there + HALF, right, mask=live)
        else:
            tl.store(v_cache + there, left, mask=live)
            tl.store(v_cache + there + HALF, right, mask=live)


def place_heads_triton(
    qkv: Product,
    positions: Tensor,
    tables: tuple[Tensor, Tensor],
    caches: tuple[Tensor, Tensor],
    places: Tensor,
    *,
    norms: tuple[Tensor, Tensor] | None,
    eps: float,
) -> Tensor:
    """Programs of few heads where each reads adapters too, of many where there are many tokens."""
    tokens, width = qkv.shape
    kv_heads, dim = caches[0].shape[2:]
    heads = width // dim - 2 * kv_heads
    q = torch.empty((tokens, heads, dim), dtype=qkv.dtype, device=qkv.parts.device)
    if tokens:
        block_h, warps = FEW_TOKENS if tokens <= 64 else MANY_TOKENS
        q_norm, k_norm = norms or (q, q)
        _place_heads[(tokens, triton.cdiv(heads, block_h) + 2 * triton.cdiv(kv_heads, block_h))](
            q, *caches, positions, places, *tables, q_norm, k_norm, eps,
            HEADS=heads, KV_HEADS=kv_heads, HALF=dim // 2, NORMS=norms is not None,
            BLOCK_H=block_h, BLOCK_D=power_of_two(dim // 2),
            num_warps=warps, **operands(qkv), **early(q.device),
        )  # fmt: skip
    return q
