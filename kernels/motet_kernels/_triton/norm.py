# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""See `motet_kernels.norm`."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from motet_kernels._triton.launch import early, power_of_two, prefetch, ready, started
from motet_kernels._triton.product import adapter_rows, expanded, operands, slot_of, summed
from motet_kernels.product import Product

# Tuning only, of rows with adapters: their columns take sixteen times the registers of the others.
LOW_BYTES, LOW_WARPS = 4096, 16


@triton.jit
def _rms_norm(
    x, weight, out, stride, eps, D: tl.constexpr, BLOCK: tl.constexpr, EARLY: tl.constexpr
):
    started(EARLY)
    row = tl.program_id(0).to(tl.int64)
    column = tl.arange(0, BLOCK)
    live = column < D
    w = tl.load(weight + column, mask=live, other=0.0).to(tl.float32)
    ready(EARLY)
    value = tl.load(x + row * stride + column, mask=live, other=0.0).to(tl.float32)
    scale = tl.rsqrt(tl.sum(value * value, 0) / D + eps)
    tl.store(out + row * D + column, value * scale * w, mask=live)


@triton.jit
def _add_rms_norm(
    residual, weight, out, total, parts, hidden, b, token_slot, ranks, part_stride, hidden_stride,
    residual_stride, eps,
    N: tl.constexpr, SPLITS: tl.constexpr, LOW: tl.constexpr, WIDTH: tl.constexpr,
    SLICES: tl.constexpr, PARTS: tl.constexpr, BLOCK_P: tl.constexpr, HELD: tl.constexpr,
    BLOCK: tl.constexpr, LINES: tl.constexpr, EARLY: tl.constexpr,
):  # fmt: skip
    """One row, BLOCK columns at a time; the sums wait in `total` for the scale."""
    started(EARLY)
    row = tl.program_id(0).to(tl.int64)
    slot, rank = slot_of(token_slot, ranks, row, LOW)
    if LOW and EARLY and rank > 0:
        # One program reads a whole adapter's B here: the memory's part of that is done early.
        line = tl.arange(0, LINES)
        mine = b + slot * N * WIDTH
        if WIDTH * 2 >= 128:
            prefetch(mine + tl.minimum(line, N - 1) * WIDTH, EARLY)
        else:
            prefetch(mine + tl.minimum(line * 64, N * WIDTH - 1), EARLY)
    if LOW:
        column = tl.arange(0, BLOCK)
        first = adapter_rows(b, slot, rank, column, column < N, 0, N, WIDTH)
    ready(EARLY)
    squares = tl.zeros([BLOCK], tl.float32)
    for at in tl.static_range(0, N, BLOCK):
        column = at + tl.arange(0, BLOCK)
        live = column < N
        value = summed(parts, row, column, live, part_stride, N, SPLITS)
        if LOW:
            if at > 0:
                first = adapter_rows(b, slot, rank, column, live, 0, N, WIDTH)
            value += expanded(
                first, hidden, b, slot, rank, row, 0, column, live, hidden_stride,
                N, WIDTH, SLICES, PARTS, BLOCK_P, HELD,
            )  # fmt: skip
        value += tl.load(residual + row * residual_stride + column, mask=live, other=0.0).to(
            tl.float32
        )
        rounded = value.to(total.dtype.element_ty)
        tl.store(total + row * N + column, rounded, mask=live)
        value = rounded.to(tl.float32)
        squares += value * value
    scale = tl.rsqrt(tl.sum(squares, 0) / N + eps)
    for at in tl.static_range(0, N, BLOCK):
        column = at + tl.arange(0, BLOCK)
        live = column < N
        if N > BLOCK:
            # Each thread reads what it wrote itself.
            value = tl.load(total + row * N + column, mask=live, other=0.0).to(tl.float32)
        w = tl.load(weight + column, mask=live, other=0.0).to(tl.float32)
        tl.store(out + row * N + column, value * scale * w, mask=live)


def rms_norm_triton(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """One program for each row."""
    tokens, dim = x.shape
    out = torch.empty((tokens, dim), dtype=x.dtype, device=x.device)
    if tokens:
        block = power_of_two(dim)
        _rms_norm[(tokens,)](
            x, weight, out, x.stride(0), eps, D=dim, BLOCK=block,
            num_warps=8 if block >= 4096 else 4, **early(x.device),
        )  # fmt: skip
    return out


def add_rms_norm_triton(
    x: Product, residual: Tensor, weight: Tensor, eps: float
) -> tuple[Tensor, Tensor]:
    """(normalised, total), one program for each row."""
    tokens, dim = x.shape
    out, total = torch.empty((2, tokens, dim), dtype=x.dtype, device=residual.device)
    if tokens:
        block = min(power_of_two(dim), LOW_BYTES // residual.itemsize if x.low else 8192)
        width = x.low.b.shape[2] if x.low else 1
        _add_rms_norm[(tokens,)](
            residual, weight, out, total, residual_stride=residual.stride(0), eps=eps,
            BLOCK=block, LINES=power_of_two(max(1, dim if 2 * width >= 128 else dim * width // 64)),
            num_warps=LOW_WARPS if x.low else 8 if block >= 4096 else 4,
            **operands(x), **early(residual.device),
        )  # fmt: skip
    return out, total
