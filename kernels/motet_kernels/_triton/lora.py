# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""See `motet_kernels.lora`: a shrink to the rank, then an expansion that adds to y.

The shrink may cut K over several programs. Each writes its own partial sum, and the expansion adds
them up as it loads them: no atomics and no zeroing, so that equal batches give equal bits.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from motet_kernels._triton.launch import UP, multiprocessors, power_of_two
from motet_kernels.lora import LoraBatch


@triton.jit
def _shrink(
    x, a, hidden, order, tiles, ranks, x_stride, total,
    K: tl.constexpr, WIDTH: tl.constexpr, SLICES: tl.constexpr, CHUNK: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_R: tl.constexpr, BLOCK_K: tl.constexpr, UP: tl.constexpr,
):  # fmt: skip
    """hidden[split, j, i, :r] = x[order[i], split] @ a[slot, j, :r, split]^T for row i."""
    piece = tl.program_id(0) % SLICES
    split = tl.program_id(0) // SLICES
    tile = tiles + 3 * tl.program_id(1)
    slot = tl.load(tile)
    if slot < 0:
        return
    rank = tl.load(ranks + slot)
    row = tl.load(tile + 1) + tl.arange(0, BLOCK_M)
    live = row < tl.load(tile + 2)
    token = tl.load(order + row, mask=live, other=0).to(tl.int64)
    r = tl.arange(0, BLOCK_R)
    k = tl.arange(0, BLOCK_K)
    x_row = x + token[:, None] * x_stride
    a_row = a + ((slot.to(tl.int64) * SLICES + piece) * WIDTH + r[None, :]) * K
    acc = tl.zeros([BLOCK_M, BLOCK_R], tl.float32)
    for at in range(0, CHUNK, BLOCK_K):
        column = split * CHUNK + at + k
        # Nothing is loaded beyond a slot's rank: rank 8 does not pay for rank 64.
        inside = column < K
        left = tl.load(x_row + column[None, :], mask=live[:, None] & inside[None, :], other=0.0)
        right = tl.load(
            a_row + column[:, None], mask=(r < rank)[None, :] & inside[:, None], other=0.0
        )
        if UP:
            left, right = left.to(tl.float32), right.to(tl.float32)
        acc = tl.dot(left, right, acc, input_precision="tf32x3")
    place = ((split * SLICES + piece) * total + row).to(tl.int64)
    mask = live[:, None] & (r < rank)[None, :]
    tl.store(hidden + place[:, None] * BLOCK_R + r[None, :], acc, mask=mask)


@triton.jit
def _expand(
    y, b, hidden, order, tiles, ranks, y_stride, total,
    W0: tl.constexpr, W1: tl.constexpr, W2: tl.constexpr, WIDTH: tl.constexpr,
    SLICES: tl.constexpr, SPLITS: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_R: tl.constexpr, BLOCK_N: tl.constexpr, UP: tl.constexpr,
):  # fmt: skip
    """y[order[i], slice_j] += hidden[:, j, i, :r].sum(0) @ b[slot, slice_j, :r]^T for row i."""
    tile = tiles + 3 * tl.program_id(1)
    slot = tl.load(tile)
    if slot < 0:
        return
    FIRST: tl.constexpr = (W0 + BLOCK_N - 1) // BLOCK_N
    SECOND: tl.constexpr = FIRST + (W1 + BLOCK_N - 1) // BLOCK_N
    pid = tl.program_id(0)
    piece = (pid >= FIRST).to(tl.int32) + (pid >= SECOND).to(tl.int32)
    skipped = tl.where(piece == 0, 0, tl.where(piece == 1, FIRST, SECOND))
    offset = tl.where(piece == 0, 0, tl.where(piece == 1, W0, W0 + W1))
    size = tl.where(piece == 0, W0, tl.where(piece == 1, W1, W2))
    n = (pid - skipped) * BLOCK_N + tl.arange(0, BLOCK_N)
    wanted = n < size
    column = offset + n

    rank = tl.load(ranks + slot)
    row = tl.load(tile + 1) + tl.arange(0, BLOCK_M)
    live = row < tl.load(tile + 2)
    token = tl.load(order + row, mask=live, other=0).to(tl.int64)
    r = tl.arange(0, BLOCK_R)
    held = live[:, None] & (r < rank)[None, :]
    acc = tl.zeros([BLOCK_M, BLOCK_R], tl.float32)
    for split in tl.static_range(SPLITS):
        place = ((split * SLICES + piece) * total + row).to(tl.int64)
        part = hidden + place[:, None] * BLOCK_R + r[None, :]
        acc += tl.load(part, mask=held, other=0.0).to(tl.float32)
    b_row = b + (slot.to(tl.int64) * (W0 + W1 + W2) + column[None, :]) * WIDTH
    right = tl.load(b_row + r[:, None], mask=wanted[None, :] & (r < rank)[:, None], other=0.0)
    left = acc.to(b.dtype.element_ty)
    if UP:
        left, right = left.to(tl.float32), right.to(tl.float32)
    delta = tl.dot(left, right, input_precision="tf32x3")
    here = y + token[:, None] * y_stride + column[None, :]
    mask = live[:, None] & wanted[None, :]
    tl.store(here, tl.load(here, mask=mask, other=0.0).to(tl.float32) + delta, mask=mask)


def add_lora_triton(
    y: Tensor, x: Tensor, a: Tensor, b: Tensor, lora: LoraBatch, slices: tuple[int, ...]
) -> None:
    """Shrink, then expand; both grids come from host values alone, as CUDA graphs need."""
    inputs, width, total = x.shape[1], b.shape[2], lora.order.shape[0]
    block_m, tiles = lora.tile_rows, lora.tiles.shape[0]
    block_r = max(16, power_of_two(lora.max_rank))
    block_k = _block_k(x.dtype, block_m, block_r)
    device_fill = 2 * multiprocessors(x.device)
    chunk, splits = _split(inputs, block_k, tiles * len(slices), block_m, device_fill)
    hidden = torch.empty(
        (splits, len(slices), total, block_r),
        # One rounding, at the same place as after summing partials; the expansion of 64-row tiles
        # thereby takes its operand from memory as it is. Converting fp32 in registers in front of
        # such a product has given NaN on Hopper with this compiler.
        dtype=x.dtype if splits == 1 else torch.float32,
        device=x.device,
    )
    _shrink[(splits * len(slices), tiles)](
        x, a, hidden, lora.order, lora.tiles, lora.ranks, x.stride(0), total,
        K=inputs, WIDTH=width, SLICES=len(slices), CHUNK=chunk,
        BLOCK_M=block_m, BLOCK_R=block_r, BLOCK_K=block_k, UP=UP,
        num_warps=4, num_stages=3,
    )  # fmt: skip
    w0, w1, w2 = (*slices, 0, 0)[:3]
    block_n = _block_n(slices, tiles, block_m, block_r, device_fill)
    _expand[(sum(triton.cdiv(w, block_n) for w in slices), tiles)](
        y, b, hidden, lora.order, lora.tiles, lora.ranks, y.stride(0), total,
        W0=w0, W1=w1, W2=w2, WIDTH=width, SLICES=len(slices), SPLITS=splits,
        BLOCK_M=block_m, BLOCK_R=block_r, BLOCK_N=block_n, UP=UP,
        num_warps=4, num_stages=1,
    )  # fmt: skip


# The three functions below are tuning only: any answer gives the same sums.


def _block_k(dtype: torch.dtype, block_m: int, block_r: int) -> int:
    """Wide enough to keep loads in flight, narrow enough for several programs to share an SM."""
    if dtype == torch.float32:
        return 32
    return 256 if block_m == 16 and block_r <= 32 else 128 if block_m < 64 else 64


def _split(
    inputs: int, block_k: int, programs: int, block_m: int, device_fill: int
) -> tuple[int, int]:
    """Columns for each program, and over how many programs: until the device is full."""
    splits = 1
    while block_m < 64 and splits < 16 and programs * splits < device_fill:
        splits *= 2
    chunk = max(2 * block_k, triton.cdiv(triton.cdiv(inputs, splits), block_k) * block_k)
    return chunk, triton.cdiv(inputs, chunk)


def _block_n(
    slices: tuple[int, ...], tiles: int, block_m: int, block_r: int, device_fill: int
) -> int:
    """The widest that still fills the device and leaves registers for its operands."""
    for block_n in (256, 128):
        programs = tiles * sum(triton.cdiv(w, block_n) for w in slices)
        if block_n * max(block_m, block_r) <= 4096 and programs >= device_fill:
            return block_n
    return 64
