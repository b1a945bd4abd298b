# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""See `motet_kernels.norm`."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from motet_kernels._triton.launch import power_of_two


@triton.jit
def _rms_norm(
    x, residual, weight, out, total,
    rows, x_outer, x_inner, residual_outer, residual_inner, eps,
    INNER: tl.constexpr, D: tl.constexpr, ROWS: tl.constexpr, BLOCK: tl.constexpr,
    ADD: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    column = tl.arange(0, BLOCK)
    live = (row < rows)[:, None] & (column < D)[None, :]
    outer, inner = (row // INNER).to(tl.int64), row % INNER
    here = (outer * x_outer + inner * x_inner)[:, None] + column[None, :]
    there = row.to(tl.int64)[:, None] * D + column[None, :]
    value = tl.load(x + here, mask=live, other=0.0).to(tl.float32)
    if ADD:
        here = (outer * residual_outer + inner * residual_inner)[:, None] + column[None, :]
        value += tl.load(residual + here, mask=live, other=0.0).to(tl.float32)
        rounded = value.to(total.dtype.element_ty)
        tl.store(total + there, rounded, mask=live)
        value = rounded.to(tl.float32)
    scale = tl.rsqrt(tl.sum(value * value, 1) / D + eps)
    w = tl.load(weight + column, mask=column < D, other=0.0).to(tl.float32)
    tl.store(out + there, value * scale[:, None] * w[None, :], mask=live)


def rms_norm_triton(
    x: Tensor, weight: Tensor, eps: float, residual: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Normalise x, or x + residual: (normalised, what was normalised)."""
    dim = x.shape[-1]
    out = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    total = x if residual is None else torch.empty_like(out)
    x, inner = _two_strides(x)
    other = x if residual is None else _two_strides(residual)[0]
    rows = x.shape[0] * x.shape[1]
    if rows:
        block = power_of_two(dim)
        # Tuning only: short rows (the heads of a query norm) share a program.
        per_program = max(1, 1024 // block)
        _rms_norm[(triton.cdiv(rows, per_program),)](
            x, other, weight, out, total,
            rows, x.stride(0), x.stride(1), other.stride(0), other.stride(1), eps,
            INNER=inner, D=dim, ROWS=per_program, BLOCK=block, ADD=residual is not None,
            num_warps=8 if block >= 4096 else 4,
        )  # fmt: skip
    return out, total


def _two_strides(x: Tensor) -> tuple[Tensor, int]:
    """x as [outer, inner, D] with contiguous rows, without a copy up to three dimensions."""
    if x.stride(-1) != 1 or x.ndim > 3:
        x = x.contiguous().view(-1, x.shape[-1])
    if x.ndim < 3:
        x = x.view(-1, 1, x.shape[-1]) if x.ndim == 1 else x.unsqueeze(1)
    return x, x.shape[1]
