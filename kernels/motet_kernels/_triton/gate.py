# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""See `motet_kernels.gate`."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from motet_kernels._triton.launch import early, ready, started
from motet_kernels._triton.product import adapter_rows, expanded, operands, slot_of, summed
from motet_kernels.product import Product

LOW_BLOCK = 128  # tuning only, of rows with adapters


@triton.jit
def _gate_mul(
    out, parts, hidden, b, token_slot, ranks, part_stride, hidden_stride,
    N: tl.constexpr, SPLITS: tl.constexpr, LOW: tl.constexpr, WIDTH: tl.constexpr,
    SLICES: tl.constexpr, PARTS: tl.constexpr, HELD: tl.constexpr,
    GELU: tl.constexpr, BLOCK: tl.constexpr, EARLY: tl.constexpr,
):  # fmt: skip
    started(EARLY)
    F: tl.constexpr = N // 2
    row = tl.program_id(0).to(tl.int64)
    column = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    live = column < F
    slot, rank = slot_of(token_slot, ranks, row, LOW)
    if LOW:
        gates = adapter_rows(b, slot, column, live, 0, N, WIDTH)
        ups = adapter_rows(b, slot, F + column, live, 0, N, WIDTH)
    ready(EARLY)
    gate = summed(parts, row, column, live, part_stride, N, SPLITS)
    up = summed(parts, row, F + column, live, part_stride, N, SPLITS)
    if LOW:
        gate += expanded(
            gates, hidden, b, slot, rank, row, 0, column, live, hidden_stride,
            N, WIDTH, SLICES, PARTS, HELD,
        )  # fmt: skip
        up += expanded(
            ups, hidden, b, slot, rank, row, 1, F + column, live, hidden_stride,
            N, WIDTH, SLICES, PARTS, HELD,
        )  # fmt: skip
    if GELU:
        # (1 + tanh(u)) / 2 = sigmoid(2 u), here with 2 sqrt(2 / pi).
        open = tl.sigmoid(1.5957691216057308 * (gate + 0.044715 * gate * gate * gate))
    else:
        open = tl.sigmoid(gate)
    tl.store(out + row * F + column, gate * open * up, mask=live)


def gate_triton(product: Product, *, gelu: bool) -> Tensor:
    """Multiply two halves of each row, `up` right behind `gate`: the product's slices, if any."""
    tokens, width = product.shape
    device = product.parts.device
    out = torch.empty((tokens, width // 2), dtype=product.dtype, device=device)
    if tokens:
        block = 1024 if product.low is None else LOW_BLOCK
        _gate_mul[(tokens, triton.cdiv(width // 2, block))](
            out, GELU=gelu, BLOCK=block, num_warps=4, **operands(product), **early(device),
        )  # fmt: skip
    return out
