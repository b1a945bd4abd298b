# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""See `motet_kernels.fp8`."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from motet_kernels._triton.launch import power_of_two
from motet_kernels.fp8 import FP8, LARGEST


@triton.jit
def _to_fp8(x, out, scales, x_stride, K: tl.constexpr, LARGEST: tl.constexpr, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    column = tl.arange(0, BLOCK)
    live = column < K
    value = tl.load(x + row * x_stride + column, mask=live, other=0.0).to(tl.float32)
    scale = tl.max(tl.abs(value), 0) / LARGEST
    scale = tl.where(scale > 0, scale, 1.0)
    # Maxima and bounds pass NaN by, and a row that holds one would come out finite.
    broken = tl.max((value != value).to(tl.int32), 0)
    # Exact division: a reciprocal or an approximate one rounds ties otherwise.
    scaled = tl.div_rn(value, tl.zeros([BLOCK], tl.float32) + scale)
    scaled = tl.minimum(tl.maximum(scaled, -LARGEST), LARGEST)
    tl.store(out + row * K + column, scaled.to(tl.float8e4nv), mask=live)
    tl.store(scales + row, tl.where(broken > 0, float("nan"), scale))


def to_fp8_triton(x: Tensor) -> tuple[Tensor, Tensor]:
    """A program for each row."""
    rows, width = x.shape
    if x.stride(1) != 1:
        raise ValueError("to_fp8 takes contiguous columns")
    out = torch.empty(rows, width, dtype=FP8, device=x.device)
    scales = torch.empty(rows, dtype=torch.float32, device=x.device)
    if rows:
        block = power_of_two(width)
        _to_fp8[(rows,)](
            x, out, scales, x.stride(0), K=width, LARGEST=LARGEST, BLOCK=block,
            num_warps=8 if block >= 4096 else 4,
        )  # fmt: skip
    return out, scales
