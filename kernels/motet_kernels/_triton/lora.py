# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""See `motet_kernels.lora`: a shrink to the rank, then an expansion that adds to y.

The shrink may cut K over several programs. Each writes its own partial sum, and the expansion adds
them up as it loads them: no atomics and no zeroing, so that equal batches give equal bits.

A tile of one row, which is what a decode step of distinct adapters has, goes over the CUDA cores: a
tensor core would multiply fifteen rows of padding, and its operands cost a detour over shared
memory. Both forms read the adapter first, since its bytes are what the time goes to.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from motet_kernels._triton.launch import UP, multiprocessors, power_of_two
from motet_kernels.lora import LoraBatch


@triton.jit
def _shrink_row(
    x, a, hidden, order, start, rank, x_stride, first,
    K: tl.constexpr, CHUNK: tl.constexpr, BLOCK_R: tl.constexpr, BLOCK_1: tl.constexpr,
):  # fmt: skip
    r = tl.arange(0, BLOCK_R)
    k = tl.arange(0, BLOCK_1)
    row = x + tl.load(order + start).to(tl.int64) * x_stride
    acc = tl.zeros([BLOCK_R, BLOCK_1], tl.float32)
    for at in tl.range(0, CHUNK, BLOCK_1, loop_unroll_factor=4):
        column = first + at + k
        inside = (at + k < CHUNK) & (column < K)
        mask = (r < rank)[:, None] & inside[None, :]
        right = tl.load(a + r[:, None] * K + column[None, :], mask=mask, other=0.0)
        left = tl.load(row + column, mask=inside, other=0.0)
        acc += right.to(tl.float32) * left.to(tl.float32)[None, :]
    tl.store(hidden + r, tl.sum(acc, 1), mask=r < rank)


@triton.jit
def _shrink_tile(
    x, a, hidden, order, start, end, rank, x_stride, first,
    K: tl.constexpr, CHUNK: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_R: tl.constexpr,
    BLOCK_K: tl.constexpr, UP: tl.constexpr,
):  # fmt: skip
    m = tl.arange(0, BLOCK_M)
    live = start + m < end
    token = tl.load(order + start + m, mask=live, other=0).to(tl.int64)
    r = tl.arange(0, BLOCK_R)
    k = tl.arange(0, BLOCK_K)
    acc = tl.zeros([BLOCK_M, BLOCK_R], tl.float32)
    for at in range(0, CHUNK, BLOCK_K):
        column = first + at + k
        inside = column < K
        left = tl.load(
            x + token[:, None] * x_stride + column[None, :],
            mask=live[:, None] & inside[None, :], other=0.0,
        )  # fmt: skip
        mask = (r < rank)[None, :] & inside[:, None]
        right = tl.load(a + r[None, :] * K + column[:, None], mask=mask, other=0.0)
        if UP:
            left, right = left.to(tl.float32), right.to(tl.float32)
        acc = tl.dot(left, right, acc, input_precision="tf32x3")
    there = hidden + m[:, None] * BLOCK_R + r[None, :]
    tl.store(there, acc, mask=live[:, None] & (r < rank)[None, :])


@triton.jit
def _shrink(
    x, a, hidden, order, tiles, x_stride, total,
    K: tl.constexpr, WIDTH: tl.constexpr, SLICES: tl.constexpr, CHUNK: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_R: tl.constexpr, BLOCK_K: tl.constexpr, BLOCK_1: tl.constexpr,
    UP: tl.constexpr,
):  # fmt: skip
    """hidden[split, j, i, :r] = x[order[i], split] @ a[slot, j, :r, split]^T for row i."""
    piece = tl.program_id(0) % SLICES
    split = tl.program_id(0) // SLICES
    tile = tiles + 4 * tl.program_id(1)
    slot = tl.load(tile)
    if slot < 0:
        return
    start, end, rank = tl.load(tile + 1), tl.load(tile + 2), tl.load(tile + 3)
    # Nothing is loaded beyond a slot's rank: rank 8 does not pay for rank 64.
    part = a + (slot.to(tl.int64) * SLICES + piece) * WIDTH * K
    place = hidden + ((split * SLICES + piece) * total + start).to(tl.int64) * BLOCK_R
    first = split * CHUNK
    if end - start == 1:
        _shrink_row(x, part, place, order, start, rank, x_stride, first, K, CHUNK, BLOCK_R, BLOCK_1)
    else:
        _shrink_tile(
            x, part, place, order, start, end, rank, x_stride, first,
            K, CHUNK, BLOCK_M, BLOCK_R, BLOCK_K, UP,
        )  # fmt: skip


@triton.jit
def _held(r, rank, WIDTH: tl.constexpr):
    """The ranks to load: up to seven too many, since only a mask that is the same for eight
    neighbours leaves their load in one piece."""
    return (r < (rank + 7) // 8 * 8) & (r < WIDTH)


@triton.jit
def _expand_row(
    y, b, hidden, order, start, rank, y_stride, split_stride, column, wanted,
    WIDTH: tl.constexpr, SPLITS: tl.constexpr, BLOCK_S: tl.constexpr, BLOCK_R: tl.constexpr,
):  # fmt: skip
    r = tl.arange(0, BLOCK_R)
    s = tl.arange(0, BLOCK_S)
    mask = wanted[:, None] & _held(r, rank, WIDTH)[None, :]
    right = tl.load(b + column[:, None] * WIDTH + r[None, :], mask=mask, other=0.0)
    right = tl.where((r < rank)[None, :], right.to(tl.float32), 0.0)
    here = y + tl.load(order + start).to(tl.int64) * y_stride + column
    before = tl.load(here, mask=wanted, other=0.0)
    mask = (s < SPLITS)[:, None] & (r < rank)[None, :]
    parts = tl.load(hidden + s[:, None] * split_stride + r[None, :], mask=mask, other=0.0)
    left = tl.sum(parts.to(tl.float32), 0).to(b.dtype.element_ty)
    delta = tl.sum(right * left.to(tl.float32)[None, :], 1)
    tl.store(here, before.to(tl.float32) + delta, mask=wanted)


@triton.jit
def _expand_tile(
    y, b, hidden, order, start, end, rank, y_stride, split_stride, column, wanted,
    WIDTH: tl.constexpr, SPLITS: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_R: tl.constexpr,
    UP: tl.constexpr,
):  # fmt: skip
    m = tl.arange(0, BLOCK_M)
    live = start + m < end
    token = tl.load(order + start + m, mask=live, other=0).to(tl.int64)
    r = tl.arange(0, BLOCK_R)
    mask = wanted[None, :] & _held(r, rank, WIDTH)[:, None]
    right = tl.load(b + column[None, :] * WIDTH + r[:, None], mask=mask, other=0.0)
    right = tl.where((r < rank)[:, None], right, 0.0)
    held = live[:, None] & (r < rank)[None, :]
    acc = tl.zeros([BLOCK_M, BLOCK_R], tl.float32)
    for split in tl.static_range(SPLITS):
        part = hidden + split * split_stride + m[:, None] * BLOCK_R + r[None, :]
        acc += tl.load(part, mask=held, other=0.0).to(tl.float32)
    left = acc.to(b.dtype.element_ty)
    if UP:
        left, right = left.to(tl.float32), right.to(tl.float32)
    delta = tl.dot(left, right, input_precision="tf32x3")
    here = y + token[:, None] * y_stride + column[None, :]
    mask = live[:, None] & wanted[None, :]
    tl.store(here, tl.load(here, mask=mask, other=0.0).to(tl.float32) + delta, mask=mask)


@triton.jit
def _expand(
    y, b, hidden, order, tiles, y_stride, total,
    W0: tl.constexpr, W1: tl.constexpr, W2: tl.constexpr, WIDTH: tl.constexpr,
    SLICES: tl.constexpr, SPLITS: tl.constexpr, BLOCK_S: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_R: tl.constexpr, BLOCK_N: tl.constexpr, UP: tl.constexpr,
):  # fmt: skip
    """y[order[i], slice_j] += hidden[:, j, i, :r].sum(0) @ b[slot, slice_j, :r]^T for row i."""
    tile = tiles + 4 * tl.program_id(1)
    slot = tl.load(tile)
    if slot < 0:
        return
    start, end, rank = tl.load(tile + 1), tl.load(tile + 2), tl.load(tile + 3)
    FIRST: tl.constexpr = (W0 + BLOCK_N - 1) // BLOCK_N
    SECOND: tl.constexpr = FIRST + (W1 + BLOCK_N - 1) // BLOCK_N
    pid = tl.program_id(0)
    piece = (pid >= FIRST).to(tl.int32) + (pid >= SECOND).to(tl.int32)
    skipped = tl.where(piece == 0, 0, tl.where(piece == 1, FIRST, SECOND))
    offset = tl.where(piece == 0, 0, tl.where(piece == 1, W0, W0 + W1))
    size = tl.where(piece == 0, W0, tl.where(piece == 1, W1, W2))
    n = (pid - skipped) * BLOCK_N + tl.arange(0, BLOCK_N)
    column = offset + n
    part = b + slot.to(tl.int64) * (W0 + W1 + W2) * WIDTH
    place = hidden + (piece * total + start).to(tl.int64) * BLOCK_R
    split_stride = SLICES * total * BLOCK_R
    if end - start == 1:
        _expand_row(
            y, part, place, order, start, rank, y_stride, split_stride, column, n < size,
            WIDTH, SPLITS, BLOCK_S, BLOCK_R,
        )  # fmt: skip
    else:
        _expand_tile(
            y, part, place, order, start, end, rank, y_stride, split_stride, column, n < size,
            WIDTH, SPLITS, BLOCK_M, BLOCK_R, UP,
        )  # fmt: skip


def add_lora_triton(
    y: Tensor, x: Tensor, a: Tensor, b: Tensor, lora: LoraBatch, slices: tuple[int, ...]
) -> None:
    """Shrink, then expand; both grids come from host values alone, as CUDA graphs need."""
    expand_triton(y, shrink_triton(x, a, b.shape[2], lora, len(slices)), b, lora, slices)


def shrink_triton(x: Tensor, a: Tensor, width: int, lora: LoraBatch, slices: int) -> Tensor:
    """x [T, K] to partial sums [splits, slices, N, R], each row as `lora.order` has it."""
    inputs, total = x.shape[1], lora.order.shape[0]
    block_m, tiles = lora.tile_rows, lora.tiles.shape[0]
    block_r = max(16, power_of_two(lora.max_rank))
    block_k = _block_k(x.dtype, block_m, block_r)
    # Of a large decode step's tiles, most are padding: it has far fewer adapters than rows. More
    # splits pay there, and cost elsewhere, since the expansion sums them up.
    device_fill = (8 if block_m == 16 and tiles > 64 else 2) * multiprocessors(x.device)
    chunk, splits = _split(inputs, block_k, tiles * slices, block_m, device_fill)
    hidden = torch.empty(
        (splits, slices, total, block_r),
        # One rounding, at the same place as after summing partials; the expansion of 64-row tiles
        # thereby takes its operand from memory as it is. Converting fp32 in registers in front of
        # such a product has given NaN on Hopper with this compiler.
        dtype=x.dtype if splits == 1 else torch.float32,
        device=x.device,
    )
    _shrink[(splits * slices, tiles)](
        x, a, hidden, lora.order, lora.tiles, x.stride(0), total,
        K=inputs, WIDTH=width, SLICES=slices, CHUNK=chunk, BLOCK_M=block_m, BLOCK_R=block_r,
        BLOCK_K=block_k, BLOCK_1=max(64, 4096 // block_r), UP=UP, num_warps=4, num_stages=3,
    )  # fmt: skip
    return hidden


def expand_triton(
    y: Tensor, hidden: Tensor, b: Tensor, lora: LoraBatch, slices: tuple[int, ...]
) -> None:
    """Sum the partial sums and add their products to y [T, sum(slices)]."""
    splits, _, total, block_r = hidden.shape
    block_m, tiles = lora.tile_rows, lora.tiles.shape[0]
    w0, w1, w2 = (*slices, 0, 0)[:3]
    block_n = _block_n(slices, tiles, block_m, block_r, 2 * multiprocessors(y.device))
    _expand[(sum(triton.cdiv(w, block_n) for w in slices), tiles)](
        y, b, hidden, lora.order, lora.tiles, y.stride(0), total,
        W0=w0, W1=w1, W2=w2, WIDTH=b.shape[2], SLICES=len(slices),
        SPLITS=splits, BLOCK_S=power_of_two(splits),
        BLOCK_M=block_m, BLOCK_R=block_r, BLOCK_N=block_n, UP=UP, num_warps=4, num_stages=1,
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
