# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""See `motet_kernels.gate`."""

import torch
import triton
import triton.language as tl
from torch import Tensor


@triton.jit
def _gate_mul(x, out, x_stride, F: tl.constexpr, GELU: tl.constexpr, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    column = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    live = column < F
    gate = tl.load(x + row * x_stride + column, mask=live).to(tl.float32)
    up = tl.load(x + row * x_stride + F + column, mask=live).to(tl.float32)
    if GELU:
        # (1 + tanh(u)) / 2 = sigmoid(2 u), here with 2 sqrt(2 / pi).
        open = tl.sigmoid(1.5957691216057308 * (gate + 0.044715 * gate * gate * gate))
    else:
        open = tl.sigmoid(gate)
    tl.store(out + row * F + column, gate * open * up, mask=live)


def gate_triton(gate: Tensor, up: Tensor, *, gelu: bool) -> Tensor:
    """Multiply two halves [T, F] of one buffer's rows, `up` right behind `gate`."""
    tokens, width = gate.shape
    out = torch.empty(gate.shape, dtype=gate.dtype, device=gate.device)
    if not gate[:1].is_contiguous():
        raise ValueError("a gate takes contiguous columns")
    if tokens:
        block = 1024  # tuning only
        _gate_mul[(tokens, triton.cdiv(width, block))](
            gate, out, gate.stride(0), F=width, GELU=gelu, BLOCK=block, num_warps=4
        )
    return out
