"""Every kernel compiled for Hopper, as it would be launched, on a machine without one."""

import dataclasses
from typing import Any, NamedTuple

import pytest
import torch
from motet_kernels import AttentionBatch, LoraBatch, Product, Routing
from torch import Tensor

pytest.importorskip("triton")

# The shared memory that one program may have on compute capability 9.0.
SHARED = 232448
# Bytes of stack: a register or two parked outside a loop, no more. In fp32 a product runs as three
# in TF32, and what that spills is of no account: fp32 on a GPU is for checking.
STACK = {torch.bfloat16: 8, torch.float16: 8, torch.float32: 64}
QKV, GATE_UP, DOWN = (4096, (4096, 1024, 1024)), (4096, (14336, 14336)), (14336, (4096,))


def meta(*shape: int, dtype: torch.dtype) -> Tensor:
    return torch.empty(shape, dtype=dtype, device="meta")


def check(hopper: Any, dtype: torch.dtype, *names: str) -> None:
    assert [kernel.name for kernel in hopper.kernels] == list(names)
    fits(hopper, dtype)


def fits(hopper: Any, dtype: torch.dtype) -> None:
    for kernel in hopper.kernels:
        assert kernel.shared <= SHARED, kernel
        assert kernel.stack <= STACK[dtype], kernel


@pytest.mark.parametrize(
    ("tokens", "adapters", "rank", "group", "dtype"),
    [
        (1, 1, 16, QKV, torch.bfloat16),
        (16, 16, 64, DOWN, torch.bfloat16),
        (64, 64, 16, GATE_UP, torch.bfloat16),
        (64, 64, 64, QKV, torch.float16),
        (512, 1, 64, QKV, torch.bfloat16),
        (4096, 8, 64, GATE_UP, torch.bfloat16),
        (512, 4, 16, QKV, torch.float32),
    ],
)
def test_add_lora(
    tokens: int,
    adapters: int,
    rank: int,
    group: tuple[int, tuple[int, ...]],
    dtype: torch.dtype,
    hopper: Any,
) -> None:
    from motet_kernels._triton.lora import add_lora_triton

    inputs, slices = group
    ranks = [rank] * adapters
    slots = [t % adapters for t in range(tokens)]
    lora = LoraBatch.build(slots, ranks, torch.tensor(ranks).int(), "cpu")
    assert lora is not None
    on_meta = {
        field.name: getattr(lora, field.name).to("meta")
        for field in dataclasses.fields(lora)
        if isinstance(getattr(lora, field.name), Tensor)
    }
    add_lora_triton(
        meta(tokens, sum(slices), dtype=dtype),
        meta(tokens, inputs, dtype=dtype),
        meta(adapters, len(slices) * 64, inputs, dtype=dtype),
        meta(adapters, sum(slices), 64, dtype=dtype),
        dataclasses.replace(lora, **on_meta),
        slices,
    )
    check(hopper, dtype, "_shrink", "_expand")


@pytest.mark.parametrize(
    ("heads", "sequences", "rows", "length", "options", "dtype", "names"),
    [
        ((32, 8, 128), 64, 1, 1024, {}, torch.bfloat16, ["_decode"]),
        ((32, 8, 128), 2, 512, 2048, {}, torch.bfloat16, ["_decode", "_merge", "_prefill"]),
        ((28, 4, 128), 1, 1, 65536, {}, torch.float16, ["_decode", "_merge"]),
        ((8, 8, 64), 4, 3, 60, {}, torch.bfloat16, ["_decode", "_prefill"]),
        (
            (16, 8, 256), 8, 512, 8192, {"window": 4096, "softcap": 50.0}, torch.bfloat16,
            ["_decode", "_merge", "_prefill"],
        ),
        ((4, 1, 256), 64, 1, 8192, {"window": 512}, torch.bfloat16, ["_decode", "_merge"]),
        ((32, 8, 128), 64, 64, 128, {}, torch.float32, ["_decode", "_prefill"]),
    ],
)  # fmt: skip
def test_paged_attention(
    heads: tuple[int, int, int],
    sequences: int,
    rows: int,
    length: int,
    options: dict[str, Any],
    dtype: torch.dtype,
    names: list[str],
    hopper: Any,
) -> None:
    from motet_kernels._triton.attention import paged_attention_triton

    count, kv_count, dim = heads
    cache = meta(1000, 16, kv_count, dim, dtype=dtype)
    batch = AttentionBatch(
        meta(sequences + 1, dtype=torch.int32),
        meta(sequences, dtype=torch.int32),
        meta(sequences, 4096, dtype=torch.int32),
        rows,
        length,
    )
    paged_attention_triton(
        meta(sequences * rows, count, dim, dtype=dtype), cache, cache, batch,
        scale=0.1, window=options.get("window"), softcap=options.get("softcap"),
    )  # fmt: skip
    check(hopper, dtype, *names)


@pytest.mark.parametrize(
    ("tokens", "dtype"),
    [
        (1, torch.bfloat16),
        (512, torch.bfloat16),
        (4096, torch.bfloat16),
        (1024, torch.float16),
        (1, torch.float32),
    ],
)
def test_expert_linear(tokens: int, dtype: torch.dtype, hopper: Any) -> None:
    from motet_kernels._triton.experts import expert_linear_triton

    routing = Routing(meta(8 * tokens, dtype=torch.int64), meta(129, dtype=torch.int32))
    for rows, outputs, inputs in ((tokens, 1536, 2048), (8 * tokens, 2048, 768)):
        x, weight = meta(rows, inputs, dtype=dtype), meta(128, outputs, inputs, dtype=dtype)
        expert_linear_triton(x, weight, routing)
    check(hopper, dtype, "_expert_linear", "_expert_linear")


class Group(NamedTuple):
    a: Tensor
    b: Tensor
    slices: tuple[int, ...]


def step(tokens: int, rank: int) -> LoraBatch:
    """A decode step's, as its graph is recorded."""

    def numbers(*shape: int) -> Tensor:
        return meta(*shape, dtype=torch.int32)

    return LoraBatch(
        token_slot=numbers(tokens), order=numbers(tokens), seg_slot=numbers(tokens),
        seg_start=numbers(tokens + 1), tiles=numbers(tokens, 4), ranks=numbers(64),
        num_slots_used=tokens, max_rank=rank, max_segment=tokens, tile_rows=16,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tokens", "rank", "dtype"),
    [
        (1, None, torch.bfloat16),
        (16, 16, torch.bfloat16),
        (7, None, torch.float16),
        (16, 64, torch.bfloat16),
        (16, 16, torch.float32),
    ],
)
def test_decode_step(tokens: int, rank: int | None, dtype: torch.dtype, hopper: Any) -> None:
    """The kernels of a layer over few rows, from one to the next."""
    from motet_kernels._triton.gate import gate_triton
    from motet_kernels._triton.heads import place_heads_triton
    from motet_kernels._triton.norm import add_rms_norm_triton
    from motet_kernels._triton.settle import settle_triton
    from motet_kernels._triton.stream import project_triton

    def project(shape: tuple[int, tuple[int, ...]]) -> Product:
        inputs, slices = shape
        adapters = None
        if rank is not None:
            a, b = (64, len(slices) * rank, inputs), (64, sum(slices), rank)
            group = Group(meta(*a, dtype=dtype), meta(*b, dtype=dtype), slices)
            adapters = group, step(tokens, rank)
        weight, bias = meta(sum(slices), inputs, dtype=dtype), meta(sum(slices), dtype=dtype)
        return project_triton(meta(tokens, inputs, dtype=dtype), weight, bias, adapters)

    table, weight = meta(100, 64, dtype=torch.float32), meta(128, dtype=dtype)
    cache, places = meta(100, 16, 8, 128, dtype=dtype), meta(tokens, dtype=torch.int64)
    qkv = project(QKV)
    for norms in (None, (weight, weight)):
        tables, caches = (table, table), (cache, cache)
        place_heads_triton(qkv, places, tables, caches, places, norms=norms, eps=1e-5)
    settle_triton(qkv)
    add_rms_norm_triton(
        project(DOWN), meta(tokens, 4096, dtype=dtype), meta(4096, dtype=dtype), 1e-5
    )
    gate_triton(project(GATE_UP), gelu=False)
    names = {kernel.name for kernel in hopper.kernels}
    streams = set() if dtype == torch.float32 else {"_stream"}
    lows = {"_low_alone"} if dtype == torch.float32 and rank is not None else set()
    norm = "_add_rms_norm" if rank is None else "_add_low_rms_norm"
    assert names == {"_place_heads", "_settle", norm, "_gate_mul"} | streams | lows
    fits(hopper, dtype)
    for kernel in hopper.kernels:
        # Two programs of a product, and what shares a multiprocessor with them, are there at once.
        if kernel.name == "_stream":
            assert 2 * kernel.shared <= SHARED - 4096, kernel


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_elementwise(dtype: torch.dtype, hopper: Any) -> None:
    from motet_kernels._triton.best_tokens import best_tokens_triton
    from motet_kernels._triton.draw import draw_tokens_triton
    from motet_kernels._triton.fp8 import to_fp8_triton
    from motet_kernels._triton.gate import gate_triton
    from motet_kernels._triton.heads import place_heads_triton
    from motet_kernels._triton.norm import add_rms_norm_triton, rms_norm_triton

    x, weight = meta(4096, 4096, dtype=dtype), meta(4096, dtype=dtype)
    cache, table = meta(100, 16, 8, 128, dtype=dtype), meta(100, 64, dtype=torch.float32)
    places = meta(4096, dtype=torch.int64)
    rms_norm_triton(x, weight, 1e-5)
    rms_norm_triton(meta(1, 16384, dtype=dtype), meta(16384, dtype=torch.float32), 1e-5)
    add_rms_norm_triton(Product.of(x), x, weight, 1e-5)
    qkv = Product.of(meta(4096, 6144, dtype=dtype))
    place_heads_triton(qkv, places, (table, table), (cache, cache), places, norms=None, eps=0.0)
    for gelu in (False, True):
        gate_triton(Product.of(meta(4096, 28672, dtype=dtype)), gelu=gelu)
    best_tokens_triton(meta(64, 128256, dtype=dtype))
    rows = meta(64, dtype=torch.float32), meta(64, dtype=torch.int64)
    draw_tokens_triton(meta(64, 128256, dtype=dtype), *rows)
    to_fp8_triton(meta(64, 4096, dtype=dtype))
    to_fp8_triton(meta(64, 14336, dtype=dtype))
    names = [
        *["_rms_norm"] * 2,
        "_add_rms_norm",
        "_place_heads",
        *["_gate_mul"] * 2,
        "_best_tokens",
        "_draw_part",
        "_draw_join",
        *["_to_fp8"] * 2,
    ]
    check(hopper, dtype, *names)
