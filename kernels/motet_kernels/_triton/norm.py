# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""See `motet_kernels.norm`."""

from functools import cache

import torch
import triton
import triton.language as tl
from torch import Tensor

from motet_kernels._triton.launch import early, power_of_two, ready, started
from motet_kernels._triton.product import adapter_rows, expanded, lows, slot_of, summed, sums
from motet_kernels.product import Product

# Columns of each program that reads adapters; tuning only.
LOW_BLOCK = 512


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
    residual, weight, out, total, parts, part_stride, residual_stride, eps,
    N: tl.constexpr, SPLITS: tl.constexpr, BLOCK: tl.constexpr, EARLY: tl.constexpr,
):  # fmt: skip
    started(EARLY)
    row = tl.program_id(0).to(tl.int64)
    column = tl.arange(0, BLOCK)
    live = column < N
    w = tl.load(weight + column, mask=live, other=0.0).to(tl.float32)
    ready(EARLY)
    value = summed(parts, row, column, live, part_stride, N, SPLITS)
    value += tl.load(residual + row * residual_stride + column, mask=live, other=0.0)
    rounded = value.to(total.dtype.element_ty)
    tl.store(total + row * N + column, rounded, mask=live)
    value = rounded.to(tl.float32)
    scale = tl.rsqrt(tl.sum(value * value, 0) / N + eps)
    tl.store(out + row * N + column, value * scale * w, mask=live)


@triton.jit
def _add_low_rms_norm(
    residual, weight, out, total, squares, arrived, parts, hidden, b, token_slot, ranks,
    part_stride, hidden_stride, residual_stride, eps,
    N: tl.constexpr, SPLITS: tl.constexpr, WIDTH: tl.constexpr, SLICES: tl.constexpr,
    PARTS: tl.constexpr, HELD: tl.constexpr, PROGRAMS: tl.constexpr, BLOCK: tl.constexpr,
    BLOCK_P: tl.constexpr, BLOCK_N: tl.constexpr, EARLY: tl.constexpr,
):  # fmt: skip
    """A row's adapter is more than one program reads in time: each of PROGRAMS adds up some of the
    columns, and the last to be done normalises them all. The sums have the same order whoever that
    is. `arrived` is zero before and after."""
    started(EARLY)
    row, program = tl.program_id(0).to(tl.int64), tl.program_id(1)
    column = program * BLOCK + tl.arange(0, BLOCK)
    live = column < N
    slot, rank = slot_of(token_slot, ranks, row, True)
    rows = adapter_rows(b, slot, column, live, 0, N, WIDTH)
    ready(EARLY)
    value = summed(parts, row, column, live, part_stride, N, SPLITS)
    value += tl.load(residual + row * residual_stride + column, mask=live, other=0.0)
    value += expanded(
        rows, hidden, b, slot, rank, row, 0, column, live, hidden_stride,
        N, WIDTH, SLICES, PARTS, HELD,
    )  # fmt: skip
    rounded = value.to(total.dtype.element_ty)
    tl.store(total + row * N + column, rounded, mask=live)
    value = rounded.to(tl.float32)
    tl.store(squares + row * PROGRAMS + program, tl.sum(value * value, 0))
    # All threads have stored before one of them says so.
    tl.debug_barrier()
    if tl.atomic_add(arrived + row, 1, sem="acq_rel", scope="gpu") == PROGRAMS - 1:
        p = tl.arange(0, BLOCK_P)
        every = tl.load(
            squares + row * PROGRAMS + p, mask=p < PROGRAMS, other=0.0, cache_modifier=".cg"
        )
        scale = tl.rsqrt(tl.sum(every, 0) / N + eps)
        n = tl.arange(0, BLOCK_N)
        inside = n < N
        there = row * N + n
        whole = tl.load(total + there, mask=inside, other=0.0, cache_modifier=".cg").to(tl.float32)
        w = tl.load(weight + n, mask=inside, other=0.0).to(tl.float32)
        tl.store(out + there, whole * scale * w, mask=inside)
        tl.store(arrived + row, 0)


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
    """(normalised, total): one program for each row, several where rows have adapters."""
    tokens, dim = x.shape
    device = residual.device
    out, total = torch.empty((2, tokens, dim), dtype=x.dtype, device=device)
    block = power_of_two(dim)
    if not tokens:
        return out, total
    given = {"residual_stride": residual.stride(0), "eps": eps, **sums(x), **early(device)}
    if x.low is None:
        _add_rms_norm[(tokens,)](
            residual, weight, out, total, BLOCK=block, num_warps=8 if block >= 4096 else 4, **given
        )
        return out, total
    programs = triton.cdiv(dim, LOW_BLOCK)
    squares = torch.empty((tokens, programs), dtype=torch.float32, device=device)
    _add_low_rms_norm[(tokens, programs)](
        residual, weight, out, total, squares, _arrived(device, power_of_two(max(64, tokens))),
        PROGRAMS=programs, BLOCK=LOW_BLOCK, BLOCK_P=power_of_two(programs), BLOCK_N=block,
        num_warps=4, **given, **lows(x.low),
    )  # fmt: skip
    return out, total


@cache
def _arrived(device: torch.device, rows: int) -> Tensor:
    """Zeros that every launch leaves as it found them, for launches one after the other."""
    return torch.zeros(rows, dtype=torch.int32, device=device)
