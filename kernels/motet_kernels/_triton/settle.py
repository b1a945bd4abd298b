# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""See `motet_kernels.product.settle`."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from motet_kernels._triton.launch import early, ready, started
from motet_kernels._triton.product import adapter_rows, expanded, operands, slot_of, summed
from motet_kernels.product import Product


@triton.jit
def _settle(
    out, parts, hidden, b, token_slot, ranks, part_stride, hidden_stride, first, size, piece,
    N: tl.constexpr, SPLITS: tl.constexpr, LOW: tl.constexpr, WIDTH: tl.constexpr,
    SLICES: tl.constexpr, PARTS: tl.constexpr, HELD: tl.constexpr,
    BLOCK: tl.constexpr, EARLY: tl.constexpr,
):  # fmt: skip
    started(EARLY)
    row = tl.program_id(0).to(tl.int64)
    n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    column, wanted = first + n, n < size
    slot, rank = slot_of(token_slot, ranks, row, LOW)
    if LOW:
        rows = adapter_rows(b, slot, column, wanted, 0, N, WIDTH)
    ready(EARLY)
    value = summed(parts, row, column, wanted, part_stride, N, SPLITS)
    if LOW:
        value += expanded(
            rows, hidden, b, slot, rank, row, piece, column, wanted, hidden_stride,
            N, WIDTH, SLICES, PARTS, HELD,
        )  # fmt: skip
    tl.store(out + row * N + column, value, mask=wanted)


def settle_triton(product: Product) -> Tensor:
    """A launch for each slice: only a product that nothing else sums up comes here."""
    tokens, width = product.shape
    out = torch.empty((tokens, width), dtype=product.dtype, device=product.parts.device)
    slices = product.low.slices if product.low else (width,)
    for piece, size in enumerate(slices if tokens else ()):
        _settle[(tokens, triton.cdiv(size, 256))](
            out, first=sum(slices[:piece]), size=size, piece=piece, BLOCK=256,
            num_warps=4,
            **operands(product), **early(out.device),
        )  # fmt: skip
    return out
