"""The Triton kernels against their twins on small odd shapes.

`test_interpreter.py` runs this file in processes of their own, under Triton's interpreter: the
interpreter must be chosen before the kernels are imported, and dies of an access out of bounds.
"""

from typing import Any, NamedTuple

import pytest
import torch
from motet_kernels import (
    AttentionBatch,
    LoraBatch,
    Low,
    Product,
    Routing,
    add_lora_torch,
    add_rms_norm_torch,
    best_tokens_torch,
    draw_tokens_torch,
    expert_linear_torch,
    gelu_mul_torch,
    paged_attention_torch,
    place_heads_torch,
    project_torch,
    rms_norm_torch,
    settle_torch,
    silu_mul_torch,
    to_fp8_torch,
)
from motet_kernels._triton.attention import paged_attention_triton
from motet_kernels._triton.best_tokens import best_tokens_triton
from motet_kernels._triton.draw import draw_tokens_triton
from motet_kernels._triton.experts import expert_linear_triton
from motet_kernels._triton.fp8 import to_fp8_triton
from motet_kernels._triton.gate import gate_triton
from motet_kernels._triton.heads import place_heads_triton
from motet_kernels._triton.lora import add_lora_triton
from motet_kernels._triton.norm import add_rms_norm_triton, rms_norm_triton
from motet_kernels._triton.settle import settle_triton
from motet_kernels._triton.stream import low_triton, project_triton
from motet_kernels.testing import POPULARITIES, TOLERANCE, Popularity, assert_close, popular
from torch import Tensor

NAN = float("nan")
RANKS = [4, 32, 0, 8, 16]


@pytest.fixture(params=list(TOLERANCE), ids=str)
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    torch.manual_seed(0)
    chosen: torch.dtype = request.param
    return chosen


def lora_operands(tokens: int, slices: tuple[int, ...], dtype: torch.dtype) -> tuple[Tensor, ...]:
    inputs, width, slots = 80, 32, len(RANKS)
    a = torch.randn(slots, len(slices), width, inputs) / inputs**0.5
    b = torch.randn(slots, sum(slices), width) / width**0.5
    for slot, rank in enumerate(RANKS):
        a[slot, :, rank:] = NAN
        b[slot, :, rank:] = NAN
    y, x = torch.randn(tokens, sum(slices)), torch.randn(tokens, inputs)
    return y.to(dtype), x.to(dtype), a.flatten(1, 2).to(dtype), b.to(dtype)


@pytest.mark.parametrize(
    ("popularity", "slices"),
    [(p, (40, 16, 16)) for p in POPULARITIES if p != "none"]
    + [("skewed", (40, 40)), ("skewed", (72,))],
    ids=str,
)
def test_add_lora(popularity: Popularity, slices: tuple[int, ...], dtype: torch.dtype) -> None:
    token_slot = popular(popularity, 21, len(RANKS))
    lora = LoraBatch.build(token_slot, RANKS, torch.tensor(RANKS).int(), "cpu")
    assert lora is not None
    y, x, a, b = lora_operands(21, slices, dtype)
    expected = y.clone()
    add_lora_torch(expected, x, a, b, lora, slices)
    add_lora_triton(y, x, a, b, lora, slices)
    assert_close(y, expected)


@pytest.mark.parametrize("tile_rows", [16, 32, 64])
def test_add_lora_over_tiles_of_any_size_and_padding(tile_rows: int, dtype: torch.dtype) -> None:
    token_slot = [1] * 70 + [-1] + [3] * 17
    ranks = torch.tensor(RANKS).int()
    lora = LoraBatch.build(token_slot, RANKS, ranks, "cpu")
    assert lora is not None
    tiles = [(1, at, min(at + tile_rows, 70), 32) for at in range(0, 70, tile_rows)]
    tiles += [(3, at, min(at + tile_rows, 87), 8) for at in range(70, 87, tile_rows)]
    tiles += [(-1, 0, 0, 0), (-1, 0, 88, 4)]
    fields = {**vars(lora), "tiles": torch.tensor(tiles).int(), "tile_rows": tile_rows}
    y, x, a, b = lora_operands(len(token_slot), (24,), dtype)
    expected = y.clone()
    add_lora_torch(expected, x, a, b, lora, (24,))
    add_lora_triton(y, x, a, b, LoraBatch(**fields), (24,))
    assert_close(y, expected)


@pytest.mark.parametrize(("choices", "rows"), [(2, 21), (3, 1), (1, 40)])
@pytest.mark.parametrize("experts", [1, 5, 16])
def test_expert_linear(experts: int, choices: int, rows: int, dtype: torch.dtype) -> None:
    chosen = torch.randint(0, experts, (rows, choices))
    chosen[: rows // 2] = experts // 2
    routing = Routing.build(chosen, experts)
    x = torch.randn(rows, 72).to(dtype)
    weight = (torch.randn(experts, 40, 72) / 72**0.5).to(dtype)
    expected = expert_linear_torch(x, weight, routing)
    assert_close(expert_linear_triton(x, weight, routing), expected)
    again = torch.randn(rows * choices, 40).to(dtype)
    weight = (torch.randn(experts, 24, 40) / 40**0.5).to(dtype)
    expected = expert_linear_torch(again, weight, routing)
    assert_close(expert_linear_triton(again, weight, routing), expected)


MIXED = [(1, 33), (1, 1), (5, 5), (0, 10), (7, 27), (1, 16)]
DECODES = [(1, 33), (1, 1), (0, 3), (1, 20)]


@pytest.mark.parametrize(
    ("shapes", "heads", "options", "bound"),
    [
        (MIXED, (6, 2, 24), {}, 0),
        (MIXED, (5, 1, 16), {"window": 7}, 0),
        (MIXED, (2, 2, 16), {"softcap": 3.0}, 0),
        # A Gemma's wide heads, in a layer with a window.
        (MIXED, (4, 2, 48), {"window": 12, "softcap": 2.0}, 0),
        # A loose bound on the lengths splits the keys of a decode, some parts of them empty.
        (DECODES, (6, 2, 24), {}, 900),
        (DECODES, (5, 1, 16), {"window": 600, "softcap": 3.0}, 900),
    ],
    ids=str,
)
def test_paged_attention(
    shapes: list[tuple[int, int]],
    heads: tuple[int, int, int],
    options: dict[str, Any],
    bound: int,
    dtype: torch.dtype,
) -> None:
    count, kv_count, dim = heads
    page, pages = 8, 5
    blocks = torch.randperm(len(shapes) * pages).int().view(-1, pages)
    k_cache, v_cache = torch.full((2, blocks.numel(), page, kv_count, dim), NAN).to(dtype)
    for b, (_, length) in enumerate(shapes):
        for at in range(length):
            block = blocks[b, at // page]
            k_cache[block, at % page] = torch.randn(kv_count, dim).to(dtype)
            v_cache[block, at % page] = torch.randn(kv_count, dim).to(dtype)
        blocks[b, -(-length // page) :] = 1 << 30
    rows = [rows for rows, _ in shapes]
    lengths = [length for _, length in shapes]
    batch = AttentionBatch(
        torch.tensor([0, *rows]).cumsum(0).int(),
        torch.tensor(lengths).int(),
        blocks,
        max(rows),
        max(bound, *lengths),
    )
    # Sharp weights keep the results of order one, however many keys there are.
    q = (4 * torch.randn(sum(rows), count + 2, dim)).to(dtype)[:, :count]
    options = {"scale": 0.25, "window": None, "softcap": None} | options
    expected = paged_attention_torch(q, k_cache, v_cache, batch, **options)
    assert_close(paged_attention_triton(q, k_cache, v_cache, batch, **options), expected)


@pytest.mark.parametrize("shape", [(3, 100), (1, 33), (20, 16)], ids=str)
def test_rms_norm(shape: tuple[int, int], dtype: torch.dtype) -> None:
    weight = torch.randn(shape[-1]).to(dtype)
    x = torch.randn(shape[0], 2 * shape[1]).to(dtype)[:, : shape[1]]
    assert_close(rms_norm_triton(x, weight, 1e-5), rms_norm_torch(x, weight, 1e-5))


class Group(NamedTuple):
    """One merged projection's adapters."""

    a: Tensor
    b: Tensor
    slices: tuple[int, ...]


TOKEN_SLOT = [3, -1, 0, 0, 2, 4]


def batch_of(token_slot: list[int]) -> LoraBatch:
    lora = LoraBatch.build(token_slot, RANKS, torch.tensor(RANKS).int(), "cpu")
    assert lora is not None
    return lora


def product(
    splits: int, slices: tuple[int, ...], dtype: torch.dtype, *, adapters: bool = True
) -> Product:
    """Six rows of several parts; whatever must have no influence is NaN."""
    tokens, width = len(TOKEN_SLOT), 32
    parts = torch.randn(splits, tokens, sum(slices)).to(dtype if splits == 1 else torch.float32)
    if not adapters:
        return Product(parts, dtype)
    b = torch.randn(len(RANKS), sum(slices), width) / width**0.5
    hidden = torch.randn(3, tokens, len(slices), width) / 3
    for slot, rank in enumerate(RANKS):
        b[slot, :, rank:] = NAN
    for t, slot in enumerate(TOKEN_SLOT):
        hidden[:, t, :, RANKS[slot] if slot >= 0 else 0 :] = NAN
    low = Low(
        hidden, b.to(dtype), torch.tensor(TOKEN_SLOT).int(), torch.tensor(RANKS).int(), slices
    )
    return Product(parts, dtype, low)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("token_slot", [TOKEN_SLOT, [-1, -1], [1], None], ids=str)
@pytest.mark.parametrize(
    ("inputs", "slices"), [(80, (40, 16, 16)), (512, (72,)), (1040, (136, 136))], ids=str
)
def test_project(
    inputs: int,
    slices: tuple[int, ...],
    token_slot: list[int] | None,
    bias: bool,
    dtype: torch.dtype,
) -> None:
    tokens, width = len(token_slot or [0] * 13), 32
    x = torch.randn(tokens, inputs + 8).to(dtype)[:, :inputs]
    weight = (torch.randn(sum(slices), inputs) / inputs**0.5).to(dtype)
    offset = torch.randn(sum(slices)).to(dtype) if bias else None
    a = torch.randn(len(RANKS), len(slices), width, inputs) / inputs**0.5
    b = torch.randn(len(RANKS), sum(slices), width) / width**0.5
    for slot, rank in enumerate(RANKS):
        a[slot, :, rank:] = NAN
        b[slot, :, rank:] = NAN
    group = Group(a.flatten(1, 2).to(dtype), b.to(dtype), slices)
    lora = batch_of(token_slot) if token_slot and max(token_slot) >= 0 else None
    expected = project_torch(x, weight, offset, group, lora)
    adapters = (group, lora) if lora is not None else None
    actual = project_triton(x, weight, offset, adapters)
    assert actual.dtype == dtype
    assert_close(settle_torch(actual), settle_torch(expected))
    if adapters is not None:
        zeros = torch.zeros(1, *actual.shape)
        alone = Product(zeros, dtype, low_triton(x, adapters))
        assert_close(alone.dense(), Product(zeros, dtype, actual.low).dense())


@pytest.mark.parametrize("splits", [1, 3])
@pytest.mark.parametrize("slices", [(40, 16, 16), (300,)], ids=str)
def test_settle(slices: tuple[int, ...], splits: int, dtype: torch.dtype) -> None:
    y = product(splits, slices, dtype)
    assert_close(settle_triton(y), settle_torch(y))


@pytest.mark.parametrize("adapters", [False, True])
@pytest.mark.parametrize("splits", [1, 3])
@pytest.mark.parametrize("width", [100, 2100])
def test_add_rms_norm(width: int, splits: int, adapters: bool, dtype: torch.dtype) -> None:
    x = product(splits, (width,), dtype, adapters=adapters)
    weight = torch.randn(width).to(dtype)
    residual = torch.randn(x.shape[0], 2 * width).to(dtype)[:, :width]
    out, total = add_rms_norm_triton(x, residual, weight, 1e-5)
    assert_close(total, add_rms_norm_torch(x, residual, weight, 1e-5)[1])
    assert_close(out, rms_norm_torch(total, weight, 1e-5))


@pytest.mark.parametrize("norms", [False, True])
@pytest.mark.parametrize("splits", [1, 2])
@pytest.mark.parametrize("adapters", [False, True])
@pytest.mark.parametrize(("heads", "kv_heads", "half"), [(5, 2, 12), (1, 1, 4)])
def test_place_heads(
    heads: int, kv_heads: int, half: int, adapters: bool, splits: int, norms: bool,
    dtype: torch.dtype,
) -> None:  # fmt: skip
    dim = 2 * half
    slices = (heads * dim, kv_heads * dim, kv_heads * dim)
    qkv = product(splits, slices, dtype, adapters=adapters)
    angle = torch.rand(50, half) * 6
    weights = (torch.randn(dim), torch.randn(dim)) if norms else None
    caches = torch.zeros(2, 2, 3, 4, kv_heads, dim).to(dtype)
    places = torch.tensor([3, 11, -1, 0, 7, 1])
    queries = [
        place(
            qkv, torch.arange(5, 47, 7), (angle.cos(), angle.sin()),
            (cache[0], cache[1]), places, norms=weights, eps=1e-5,
        )
        for place, cache in zip((place_heads_torch, place_heads_triton), caches, strict=True)
    ]  # fmt: skip
    assert_close(queries[1], queries[0])
    assert_close(caches[1], caches[0])
    assert not caches[1].flatten(1, 2)[:, [2, 4, 5, 6, 8, 9, 10]].any()


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_to_fp8_hides_nothing(wrong: float, dtype: torch.dtype) -> None:
    x = torch.randn(3, 64).to(dtype)
    x[1, 5] = wrong
    for q, scale in (to_fp8_triton(x), to_fp8_torch(x)):
        finite = (q.float() * scale[:, None]).isfinite().all(1)
        assert finite.tolist() == [True, False, True]


@pytest.mark.parametrize("width", [16, 200])
def test_to_fp8(width: int, dtype: torch.dtype) -> None:
    x = torch.randn(5, width + 3).to(dtype)[:, :width]
    x[2] = 0
    actual, expected = to_fp8_triton(x), to_fp8_torch(x)
    assert torch.equal(actual[1], expected[1])
    # The interpreter rounds ties up, cuts subnormal values, and loses the carry of those that round
    # up to a power of two. Here a value must be a neighbour; `test_gpu.py` wants equality.
    scaled, q = x.float() / actual[1][:, None], expected[0].float()
    carried = (torch.frexp(q)[0].abs() == 0.5) & (q.abs() > scaled.abs())
    sure = ~carried & (scaled.abs() >= 2**-6)
    assert sure.float().mean() > 0.6
    half_step = 2.0 ** (torch.frexp(scaled)[1] - 5)
    assert ((actual[0].float() - scaled).abs() <= half_step)[sure].all()


@pytest.mark.parametrize("adapters", [False, True])
@pytest.mark.parametrize("splits", [1, 3])
@pytest.mark.parametrize("gelu", [False, True])
def test_gates(gelu: bool, splits: int, adapters: bool, dtype: torch.dtype) -> None:
    x = product(splits, (300, 300), dtype, adapters=adapters)
    expected = gelu_mul_torch(x) if gelu else silu_mul_torch(x)
    assert_close(gate_triton(x, gelu=gelu), expected)


@pytest.mark.parametrize("vocabulary", [1, 7, 64, 1000, 40000])
def test_best_tokens(vocabulary: int, dtype: torch.dtype) -> None:
    logits = torch.randn(7, vocabulary + 3).to(dtype)[:, :vocabulary]
    logits[1] = -4.0
    logits[2, vocabulary // 2] = NAN
    logits[3, -1] = float("inf")
    logits[4, 0] = -float("inf")
    logits[5] = -float("inf")
    actual, expected = best_tokens_triton(logits), best_tokens_torch(logits)
    assert torch.equal(actual[1], expected[1])
    finite = expected[1].bool()
    assert torch.equal(actual[0, finite], expected[0, finite])
    assert ((actual[0] >= 0) & (actual[0] < vocabulary)).all()


@pytest.mark.parametrize("vocabulary", [1, 7, 300, 5000])
def test_draw_tokens(vocabulary: int, dtype: torch.dtype) -> None:
    logits = torch.randn(8, vocabulary + 3).to(dtype)[:, :vocabulary]
    logits[1] = -4.0
    logits[2, vocabulary // 2] = NAN
    logits[3, -1] = float("inf")
    logits[4, 0] = -float("inf")
    logits[5] = -float("inf")
    temperature = torch.tensor([1.0, 0.0, 0.7, 1.0, 0.0, 1.0, 0.3, 100.0])
    keys = torch.randint(-(1 << 62), 1 << 62, (8,))
    actual = draw_tokens_triton(logits, temperature, keys)
    expected = draw_tokens_torch(logits, temperature, keys)
    assert torch.equal(actual[1], expected[1])
    finite = expected[1].bool()
    assert torch.equal(actual[0, finite], expected[0, finite])
    assert ((actual[0] >= 0) & (actual[0] < vocabulary)).all()
