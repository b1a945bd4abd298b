# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""See `motet_kernels.product.project`: few rows of x through a weight that is read once.

Such a product waits for memory alone. Its programs are all on the device at once, two for each
multiprocessor, each with its share of the weight's rows (and, where there are too few rows for
that, of the columns), so that none begins when others end. A program of the same launch multiplies
a row of x by its adapter's A: in a launch of its own that takes as long as the launch. While the
kernel before is still at work, each program brings the first lines that it will read into L2.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from motet_kernels._triton.launch import (
    UP,
    early,
    multiprocessors,
    prefetch,
    ready,
    started,
)
from motet_kernels._triton.plan import plan_of
from motet_kernels._triton.product import RANKS
from motet_kernels.lora import LoraBatch, LoraGroup
from motet_kernels.product import FEW_ROWS, Low, Product

# What a program of the low-rank half reads, to what one of the weight reads: it has to end well
# before. The fewer there are, the less there is to be summed up. Tuning only.
LOW_SHARE = 0.125
# Where it has a launch of its own: enough programs for the device.
LOW_ALONE = 32768
LOW_OPTIONS = {"LOW_BLOCK": 256, "RANKS": RANKS.value}


@triton.jit
def _low(
    x, a, hidden, token_slot, ranks, pid, rows, x_stride,
    K: tl.constexpr, WIDTH: tl.constexpr, SLICES: tl.constexpr, HELD: tl.constexpr,
    CHUNK: tl.constexpr, PARTS: tl.constexpr, BLOCK: tl.constexpr, RANKS: tl.constexpr,
    AHEAD: tl.constexpr, EARLY: tl.constexpr,
):  # fmt: skip
    """hidden[part, row, j, :rank] = x[row, part] @ a[slot, j, :rank, part]^T, on CUDA cores."""
    row, part = (pid // PARTS).to(tl.int64), pid % PARTS
    slot = tl.load(token_slot + row)
    mine = a + tl.maximum(slot, 0).to(tl.int64) * SLICES * WIDTH * K
    rank = tl.where(slot < 0, 0, tl.load(ranks + tl.maximum(slot, 0)))
    first = part * CHUNK
    k = tl.arange(0, BLOCK)
    r = tl.arange(0, RANKS)
    if EARLY and rank > 0:
        line = tl.minimum(first + 64 * tl.arange(0, CHUNK // 64), K - 1)
        for piece in tl.static_range(SLICES):
            there = (piece * WIDTH + tl.minimum(r, rank - 1))[:, None] * K
            prefetch(mine + there + line[None, :], EARLY)
    # Every program waits, so that none of a launch ends before the launches before it.
    ready(EARLY)
    if rank > 0:
        there = hidden + (part * rows + row) * SLICES * HELD
        for piece in tl.static_range(SLICES):
            for at in range(0, rank, RANKS):
                live = at + r < rank
                left = mine + (piece * WIDTH + at + r)[:, None] * K
                acc = tl.zeros([RANKS, BLOCK], tl.float32)
                for begin in tl.range(0, CHUNK, BLOCK, loop_unroll_factor=4):
                    column = first + begin + k
                    inside = (begin + k < CHUNK) & (column < K)
                    values = tl.load(x + row * x_stride + column, mask=inside, other=0.0)
                    mask = live[:, None] & inside[None, :]
                    weights = tl.load(left + column[None, :], mask=mask, other=0.0)
                    acc += weights.to(tl.float32) * values.to(tl.float32)[None, :]
                tl.store(there + piece * HELD + at + r, tl.sum(acc, 1), mask=live)


@triton.jit
def _multiply(
    x, w, bias, parts, pid, rows, x_stride,
    N: tl.constexpr, K: tl.constexpr, ROWS: tl.constexpr, CHUNK: tl.constexpr,
    SPLITS: tl.constexpr, BIAS: tl.constexpr, AHEAD: tl.constexpr, EVEN: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
    EARLY: tl.constexpr, UP: tl.constexpr,
):  # fmt: skip
    """parts[split, :, tile] = x[:, split] @ w[tile, split]^T.

    Of 64 rows of the weight on, they are the left operand: a warp group's product takes 64 rows on
    the left, and as few as 8 columns on the right.
    """
    WIDE: tl.constexpr = BLOCK_N >= 64
    tile, split = pid // SPLITS, pid % SPLITS
    n = tl.arange(0, BLOCK_N)
    m = tl.arange(0, BLOCK_M)
    k = tl.arange(0, BLOCK_K)
    wanted = (n < ROWS) & (tile * ROWS + n < N)
    row = tl.where(wanted, tile * ROWS + n, tile * ROWS)
    first = split * CHUNK
    ours = w + row.to(tl.int64)[:, None] * K
    if EARLY:
        prefetch(ours + tl.minimum(first + 64 * tl.arange(0, AHEAD), K - 1)[None, :], EARLY)
    ready(EARLY)
    theirs = x + m.to(tl.int64)[:, None] * x_stride
    acc = tl.zeros([BLOCK_N, BLOCK_M] if WIDE else [BLOCK_M, BLOCK_N], tl.float32)
    for at in range(first, tl.minimum(first + CHUNK, K), BLOCK_K):
        column = at + k
        if EVEN:
            left = tl.load(ours + column[None, :], mask=wanted[:, None], other=0.0)
            right = tl.load(theirs + column[None, :], mask=(m < rows)[:, None], other=0.0)
        else:
            inside = (column < K)[None, :]
            left = tl.load(ours + column[None, :], mask=wanted[:, None] & inside, other=0.0)
            right = tl.load(theirs + column[None, :], mask=(m < rows)[:, None] & inside, other=0.0)
        if UP:
            left, right = left.to(tl.float32), right.to(tl.float32)
        acc = tl.dot(left, tl.trans(right), acc) if WIDE else tl.dot(right, tl.trans(left), acc)
    if WIDE:
        acc = tl.trans(acc)
    if BIAS and split == 0:
        acc += tl.load(bias + row, mask=wanted, other=0.0).to(tl.float32)[None, :]
    there = parts + (split * rows + m).to(tl.int64)[:, None] * N + row[None, :]
    tl.store(there, acc, mask=(m < rows)[:, None] & wanted[None, :])


@triton.jit(do_not_specialize=["rows", "lows"])
def _stream(
    x, w, bias, parts, a, hidden, token_slot, ranks, rows, x_stride, lows,
    N: tl.constexpr, K: tl.constexpr, ROWS: tl.constexpr, CHUNK: tl.constexpr,
    SPLITS: tl.constexpr, BIAS: tl.constexpr, AHEAD: tl.constexpr, EVEN: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
    LOW: tl.constexpr, WIDTH: tl.constexpr, SLICES: tl.constexpr, HELD: tl.constexpr,
    LOW_CHUNK: tl.constexpr, LOW_PARTS: tl.constexpr, LOW_BLOCK: tl.constexpr, RANKS: tl.constexpr,
    LOW_AHEAD: tl.constexpr,
    EARLY: tl.constexpr, UP: tl.constexpr,
):  # fmt: skip
    started(EARLY)
    pid = tl.program_id(0)
    # The low-rank half first: it is the shorter one.
    if LOW and pid < lows:
        _low(
            x, a, hidden, token_slot, ranks, pid, rows, x_stride,
            K, WIDTH, SLICES, HELD, LOW_CHUNK, LOW_PARTS, LOW_BLOCK, RANKS,
            LOW_AHEAD, EARLY,
        )  # fmt: skip
    else:
        _multiply(
            x, w, bias, parts, pid - lows, rows, x_stride,
            N, K, ROWS, CHUNK, SPLITS, BIAS, AHEAD, EVEN, BLOCK_M, BLOCK_N, BLOCK_K, EARLY, UP,
        )  # fmt: skip


@triton.jit(do_not_specialize=["rows"])
def _low_alone(
    x, a, hidden, token_slot, ranks, rows, x_stride,
    K: tl.constexpr, WIDTH: tl.constexpr, SLICES: tl.constexpr, HELD: tl.constexpr,
    LOW_CHUNK: tl.constexpr, LOW_PARTS: tl.constexpr, LOW_BLOCK: tl.constexpr, RANKS: tl.constexpr,
    LOW_AHEAD: tl.constexpr,
    EARLY: tl.constexpr,
):  # fmt: skip
    started(EARLY)
    _low(
        x, a, hidden, token_slot, ranks, tl.program_id(0), rows, x_stride,
        K, WIDTH, SLICES, HELD, LOW_CHUNK, LOW_PARTS, LOW_BLOCK, RANKS, LOW_AHEAD, EARLY,
    )  # fmt: skip


def project_triton(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    adapters: tuple[LoraGroup, LoraBatch] | None = None,
) -> Product:
    """At most FEW_ROWS. A dtype that tensor cores do not stream goes through the library."""
    assert len(x) <= FEW_ROWS
    if x.dtype not in (torch.bfloat16, torch.float16):
        y = torch.nn.functional.linear(x, weight, bias)
        return Product(y[None], y.dtype, low_triton(x, adapters) if adapters else None)
    tokens, (outputs, inputs) = len(x), weight.shape
    units = multiprocessors(x.device)
    plan = plan_of(outputs, inputs, 2 * units)
    parts = torch.empty(
        (plan.splits, tokens, outputs),
        dtype=x.dtype if plan.splits == 1 and adapters is None else torch.float32,
        device=x.device,
    )
    low, operands, options = _low_half(x, adapters, LOW_SHARE * plan.rows * plan.chunk)
    lows = tokens * options["LOW_PARTS"] if low else 0
    programs = triton.cdiv(outputs, plan.rows) * plan.splits + lows
    # Three to a multiprocessor are better than two in turns, where that holds them all.
    dense = 2 * units < programs <= 3 * units and plan.block_n <= 64
    if tokens:
        _stream[(programs,)](
            x, weight, weight if bias is None else bias, parts, *operands,
            tokens, x.stride(0), lows,
            N=outputs, K=inputs, ROWS=plan.rows, CHUNK=plan.chunk, SPLITS=plan.splits,
            BIAS=bias is not None, AHEAD=plan.ahead, EVEN=inputs % plan.block_k == 0,
            BLOCK_M=FEW_ROWS, BLOCK_N=plan.block_n, BLOCK_K=plan.block_k,
            LOW=low is not None, UP=UP,
            num_warps=4, num_stages=min(plan.stages, 3) if dense else plan.stages,
            **options, **early(x.device),
        )  # fmt: skip
    return Product(parts, x.dtype, low)


def low_triton(x: Tensor, adapters: tuple[LoraGroup, LoraBatch]) -> Low | None:
    """The low-rank half in a launch of its own."""
    low, operands, options = _low_half(x, adapters, LOW_ALONE)
    if len(x):
        _low_alone[(len(x) * options["LOW_PARTS"],)](
            x, *operands, len(x), x.stride(0), K=x.shape[1],
            num_warps=4, **options, **early(x.device),
        )  # fmt: skip
    return low


def _low_half(
    x: Tensor, adapters: tuple[LoraGroup, LoraBatch] | None, most: float
) -> tuple[Low | None, tuple[Tensor, ...], dict[str, int]]:
    """What is made, and the operands and options of the launch that makes it, whose programs read
    up to so many values of A."""
    tokens, inputs = x.shape
    if adapters is None:
        names = ("WIDTH", "SLICES", "HELD", "LOW_PARTS", "LOW_AHEAD")
        return None, (x, x, x, x), {**dict.fromkeys(names, 1), "LOW_CHUNK": 512, **LOW_OPTIONS}
    group, lora = adapters
    width, slices, ranks = group.b.shape[2], len(group.slices), RANKS.value
    held = triton.cdiv(width, ranks) * ranks
    chunk = 512
    while chunk < inputs and 2 * chunk * slices * held <= most:
        chunk *= 2
    parts = triton.cdiv(inputs, chunk)
    shape = (parts, tokens, slices, held)
    hidden = torch.empty(shape, dtype=torch.float32, device=x.device)
    low = Low(hidden, group.b, lora.token_slot, lora.ranks, group.slices)
    options = {
        "WIDTH": width, "SLICES": slices, "HELD": held, "LOW_PARTS": parts, "LOW_CHUNK": chunk,
        "LOW_AHEAD": 8, **LOW_OPTIONS,
    }  # fmt: skip
    return low, (group.a, hidden, lora.token_slot, lora.ranks), options
