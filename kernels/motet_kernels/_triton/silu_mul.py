# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""See `motet_kernels.silu_mul`."""

import torch
import triton
import triton.language as tl
from torch import Tensor


@triton.jit
def _silu_mul(x, out, x_stride, F: tl.constexpr, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    column = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    live = column < F
    gate = tl.load(x + row * x_stride + column, mask=live).to(tl.float32)
    up = tl.load(x + row * x_stride + F + column, mask=live).to(tl.float32)
    tl.store(out + row * F + column, gate * tl.sigmoid(gate) * up, mask=live)


def silu_mul_triton(gate: Tensor, up: Tensor) -> Tensor:
    """Multiply two halves [T, F] of one buffer's rows, `up` right behind `gate`."""
    tokens, width = gate.shape
    out = torch.empty(gate.shape, dtype=gate.dtype, device=gate.device)
    if not gate[:1].is_contiguous():
        raise ValueError("silu_mul takes contiguous columns")
    if tokens:
        block = 1024  # tuning only
        _silu_mul[(tokens, triton.cdiv(width, block))](
            gate, out, gate.stride(0), F=width, BLOCK=block, num_warps=4
        )
    return out
