"""Every operation on a GPU at the shapes it serves, against its twin in fp32 on the same device."""

from typing import Any, NamedTuple

import pytest
import torch
from motet_kernels import (
    AttentionBatch,
    LoraBatch,
    Low,
    Product,
    Routing,
    add_lora,
    add_lora_torch,
    add_rms_norm,
    add_rms_norm_torch,
    best_tokens,
    best_tokens_torch,
    draw_tokens,
    draw_tokens_torch,
    expert_linear,
    expert_linear_torch,
    fp8_linear,
    fp8_linear_torch,
    gelu_mul,
    gelu_mul_torch,
    paged_attention,
    paged_attention_torch,
    place_heads,
    place_heads_torch,
    project,
    project_torch,
    rms_norm,
    rms_norm_torch,
    settle,
    settle_torch,
    silu_mul,
    silu_mul_torch,
    to_fp8,
    to_fp8_torch,
)
from motet_kernels.testing import POPULARITIES, Popularity, assert_close, popular
from torch import Tensor

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]

DTYPES = [torch.bfloat16, torch.float16, torch.float32]
RANKS = [4, 8, 16, 32, 64, 64, 16, 8] * 8
GROUPS = {
    "qkv": (4096, (4096, 1024, 1024)),
    "o": (4096, (4096,)),
    "gate_up": (4096, (14336, 14336)),
    "down": (14336, (4096,)),
    "odd": (1000, (77, 130)),
}
NAN = float("nan")


@pytest.fixture(autouse=True)
def exact() -> None:
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = False


def rand(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(shape, device="cuda").to(dtype)


def lora_case(
    group: str, token_slot: list[int], dtype: torch.dtype
) -> tuple[tuple[Tensor, Tensor, Tensor, Tensor], LoraBatch, tuple[int, ...]]:
    return lora_case_of(GROUPS[group][1], token_slot, dtype, inputs=GROUPS[group][0])


def lora_case_of(
    slices: tuple[int, ...], token_slot: list[int], dtype: torch.dtype, *, inputs: int = 64
) -> tuple[tuple[Tensor, Tensor, Tensor, Tensor], LoraBatch, tuple[int, ...]]:
    tokens, slots = len(token_slot), len(RANKS)
    a = rand(slots, len(slices), 64, inputs) / inputs**0.5
    b = rand(slots, sum(slices), 64) / 8
    for slot, rank in enumerate(RANKS):
        a[slot, :, rank:] = NAN
        b[slot, :, rank:] = NAN
    tensors = rand(tokens, sum(slices)), rand(tokens, inputs), a.flatten(1, 2), b
    ranks = torch.tensor(RANKS, dtype=torch.int32, device="cuda")
    lora = LoraBatch.build(token_slot, RANKS, ranks, "cuda")
    assert lora is not None
    y, x, a, b = (tensor.to(dtype) for tensor in tensors)
    return (y, x, a, b), lora, slices


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("tokens", [1, 16, 64, 257, 2500])
def test_add_lora(tokens: int, group: str, dtype: torch.dtype) -> None:
    for popularity in POPULARITIES:
        if popularity == "none":
            continue
        slots = popular(popularity, tokens, len(RANKS), seed=1)
        if max(slots) < 0:
            continue
        (y, x, a, b), lora, slices = lora_case(group, slots, dtype)
        expected = y.float()
        add_lora_torch(expected, x.float(), a.float(), b.float(), lora, slices)
        add_lora(y, x, a, b, lora, slices)
        assert_close(y, expected)


@pytest.mark.parametrize("popularity", ["distinct", "identical"])
@pytest.mark.parametrize("tokens", [16, 2500])
def test_add_lora_gives_equal_bits_for_equal_batches(tokens: int, popularity: Popularity) -> None:
    slots = popular(popularity, tokens, len(RANKS))
    (y, x, a, b), lora, slices = lora_case("qkv", slots, torch.bfloat16)
    results = [y.clone() for _ in range(5)]
    for result in results:
        add_lora(result, x, a, b, lora, slices)
    assert all(torch.equal(result, results[0]) for result in results)
    assert not torch.equal(results[0], y)


def test_add_lora_in_a_graph_follows_its_buffers() -> None:
    (y, x, a, b), lora, slices = lora_case("qkv", [0, 1, 2, 3], torch.bfloat16)
    (_, _, _, _), later, _ = lora_case("qkv", [5, -1, 5, 4], torch.bfloat16)
    expected = y.float()
    add_lora_torch(expected, x.float(), a.float(), b.float(), later, slices)
    # The largest rank of any batch that the graph will serve, and room for its tiles.
    static = LoraBatch(**{**vars(lora), "max_rank": 64, "tile_rows": 16})
    before = y.clone()
    add_lora(y, x, a, b, static, slices)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        add_lora(y, x, a, b, static, slices)
    y.copy_(before)
    static.order[: len(later.order)].copy_(later.order)
    static.tiles.fill_(-1)
    static.tiles[: len(later.tiles)].copy_(later.tiles)
    graph.replay()
    assert_close(y, expected)


HEADS = {"llama": (32, 8, 128), "qwen": (28, 4, 128), "gemma": (16, 8, 256), "tiny": (8, 2, 24)}
BATCHES = {
    "one long decode": [(1, 9001)],
    "decodes": [(1, 1 + 37 * i) for i in range(64)],
    "prefill": [(700, 700), (33, 33)],
    "chunk": [(512, 4096), (17, 1000)],
    "mixed": [(1, 3000), (256, 1300), (0, 5), (2, 2), (1, 17), (64, 64)],
}


def attention_case(
    heads: str, shapes: list[tuple[int, int]], dtype: torch.dtype
) -> tuple[Any, ...]:
    count, kv_count, dim = HEADS[heads]
    page = 16
    pages = max(-(-length // page) for _, length in shapes)
    tables = torch.randperm(len(shapes) * pages).int().view(-1, pages)
    k_cache, v_cache = torch.full(
        (2, tables.numel(), page, kv_count, dim), NAN, dtype=dtype, device="cuda"
    )
    for b, (_, length) in enumerate(shapes):
        position = torch.arange(length)
        slots = (tables[b, position // page] * page + position % page).long().cuda()
        keys, values = rand(2, length, kv_count, dim, dtype=dtype)
        k_cache.view(-1, kv_count, dim)[slots] = keys
        v_cache.view(-1, kv_count, dim)[slots] = values
        tables[b, -(-length // page) :] = 1 << 30
    rows = [rows for rows, _ in shapes]
    lengths = [length for _, length in shapes]
    batch = AttentionBatch(
        torch.tensor([0, *rows]).cumsum(0).int().cuda(),
        torch.tensor(lengths).int().cuda(),
        tables.cuda(),
        max(rows),
        max(lengths),
    )
    # Sharp weights keep the results of order one, however many keys there are.
    q = (3 * rand(sum(rows), count, dim)).to(dtype)
    return q, k_cache, v_cache, batch


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("heads", HEADS)
@pytest.mark.parametrize("shapes", BATCHES)
def test_paged_attention(shapes: str, heads: str, dtype: torch.dtype) -> None:
    q, k_cache, v_cache, batch = attention_case(heads, BATCHES[shapes], dtype)
    scale = q.shape[2] ** -0.5
    for window, softcap in ((None, None), (200, None), (None, 30.0), (1000, 5.0)):
        options: dict[str, Any] = {"scale": scale, "window": window, "softcap": softcap}
        expected = paged_attention_torch(
            q.float(), k_cache.float(), v_cache.float(), batch, **options
        )
        assert_close(paged_attention(q, k_cache, v_cache, batch, **options), expected)


class Group(NamedTuple):
    a: Tensor
    b: Tensor
    slices: tuple[int, ...]


FEW = [1, 2, 5, 16, 17, 64]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("tokens", FEW)
def test_project(tokens: int, group: str, dtype: torch.dtype) -> None:
    inputs, slices = GROUPS[group]
    weight = rand(sum(slices), inputs, dtype=dtype) / inputs**0.5
    bias = rand(sum(slices), dtype=dtype)
    for popularity in POPULARITIES:
        slots = popular(popularity, tokens, len(RANKS), seed=1)
        lora = adapters = None
        x = rand(tokens, inputs, dtype=dtype)
        expected = project_torch(x.float(), weight.float(), bias.float())
        if max(slots) >= 0:
            (_, _, a, b), lora, _ = lora_case(group, slots, dtype)
            adapters = Group(a, b, slices)
            wide = Group(a.float(), b.float(), slices)
            expected = project_torch(x.float(), weight.float(), bias.float(), wide, lora)
        y = project(x, weight, bias, adapters, lora)
        assert_close(settle(y), settle_torch(expected))
        assert_close(y.dense().to(dtype), settle_torch(expected))


def test_project_gives_equal_bits_for_equal_batches() -> None:
    slots = popular("zipf", 16, len(RANKS))
    (_, x, a, b), lora, slices = lora_case("down", slots, torch.bfloat16)
    weight = rand(4096, 14336, dtype=torch.bfloat16)
    results = [settle(project(x, weight, None, Group(a, b, slices), lora)) for _ in range(20)]
    assert all(torch.equal(result, results[0]) for result in results)


def product(tokens: int, slices: tuple[int, ...], dtype: torch.dtype, *, adapters: bool) -> Product:
    """In parts, with adapters of mixed ranks; what must have no influence is NaN."""
    if not adapters:
        return Product(rand(3, tokens, sum(slices)), dtype)
    (_, _, _, b), lora, _ = lora_case_of(slices, [(t + 1) % 9 - 1 for t in range(tokens)], dtype)
    hidden = rand(2, tokens, len(slices), 64)
    ranks = lora.ranks[lora.token_slot.clamp(min=0).long()]
    ranks[lora.token_slot < 0] = 0
    hidden[
        :, torch.arange(64, device="cuda") >= ranks[:, None, None].expand(-1, len(slices), 1)
    ] = NAN
    low = Low(hidden, b, lora.token_slot, lora.ranks, slices)
    return Product(rand(3, tokens, sum(slices)), dtype, low)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("adapters", [False, True])
@pytest.mark.parametrize("tokens", [1, 64, 1311])
def test_norms_and_gate(tokens: int, adapters: bool, dtype: torch.dtype) -> None:
    for dim in (128, 4096, 5120, 14336):
        residual, weight = rand(tokens, dim, dtype=dtype), rand(dim, dtype=dtype)
        expected = rms_norm_torch(residual.float(), weight.float(), 1e-5)
        assert_close(rms_norm(residual, weight, 1e-5), expected)
        x = product(tokens, (dim,), dtype, adapters=adapters)
        out, total = add_rms_norm(x, residual, weight, 1e-5)
        assert_close(total, add_rms_norm_torch(x, residual, weight, 1e-5)[1])
        assert_close(out, rms_norm_torch(total.float(), weight.float(), 1e-5))
        assert_close(settle(x), settle_torch(x))
        gated = product(tokens, (dim, dim), dtype, adapters=adapters)
        assert_close(silu_mul(gated), silu_mul_torch(gated))
        assert_close(gelu_mul(gated), gelu_mul_torch(gated))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("heads", HEADS)
@pytest.mark.parametrize("adapters", [False, True])
@pytest.mark.parametrize("tokens", [1, 64, 1311])
def test_place_heads(tokens: int, adapters: bool, heads: str, dtype: torch.dtype) -> None:
    count, kv_count, dim = HEADS[heads]
    slices = (count * dim, kv_count * dim, kv_count * dim)
    qkv = product(tokens, slices, dtype, adapters=adapters)
    positions = torch.randint(0, 5000, (tokens,), device="cuda")
    angle = torch.outer(torch.arange(5000.0), 1e4 ** (-torch.arange(dim // 2) / (dim // 2))).cuda()
    slots = torch.randperm(1600, device="cuda")[:tokens]
    slots[::3] = -1
    for norms in (None, (rand(dim, dtype=dtype), rand(dim, dtype=dtype))):
        caches = torch.zeros(2, 2, 100, 16, kv_count, dim, dtype=dtype, device="cuda")
        queries = [
            place(
                qkv, positions, (angle.cos(), angle.sin()), (cache[0], cache[1]), slots,
                norms=norms, eps=1e-6,
            )
            for place, cache in zip((place_heads, place_heads_torch), caches, strict=True)
        ]  # fmt: skip
        assert_close(queries[0], queries[1])
        assert_close(caches[0], caches[1])


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_best_tokens(dtype: torch.dtype) -> None:
    logits = rand(256, 128256, dtype=dtype)
    logits[3, 77] = NAN
    logits[4, 128255] = float("inf")
    logits[5] = -float("inf")
    found, fine = best_tokens(logits)
    finite = best_tokens_torch(logits)[1]
    assert torch.equal(fine, finite)
    # Of equal values, the twin on this device may name another place than the first.
    rows = torch.arange(256, device="cuda")[finite.bool()]
    assert torch.equal(logits[rows, found[rows]], logits[rows].amax(-1))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("rows", [1, 5, 256])
def test_draw_tokens(rows: int, dtype: torch.dtype) -> None:
    """The same tokens as on the CPU, but where two scores are a rounding apart."""
    logits = 4 * rand(rows, 128256, dtype=dtype)
    temperature = torch.rand(rows, device="cuda")
    temperature[::3] = 0
    keys = torch.randint(-(1 << 62), 1 << 62, (rows,), device="cuda")
    drawn, fine = draw_tokens(logits, temperature, keys)
    wanted, _ = draw_tokens_torch(logits.cpu(), temperature.cpu(), keys.cpu())
    assert fine.all()
    same = drawn.cpu() == wanted
    ties = temperature.cpu() == 0  # of equal logits, of which half precision has many
    at = torch.arange(rows)
    assert (same | (ties & (logits.cpu()[at, drawn.cpu()] == logits.cpu()[at, wanted]))).all()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("tokens", [1, 3, 64, 1311])
def test_expert_linear(tokens: int, dtype: torch.dtype) -> None:
    """Qwen3-30B-A3B's sizes, with even and with lopsided choices."""
    experts, choices, hidden, inner = 128, 8, 2048, 768
    gate_up = rand(experts, 2 * inner, hidden, dtype=dtype) / hidden**0.5
    down = rand(experts, hidden, inner, dtype=dtype) / inner**0.5
    scores = rand(tokens, experts)
    for bias in (0.0, 4.0):
        scores[:, :8] += bias
        routing = Routing.build(scores.topk(choices).indices, experts)
        for rows, weight in ((tokens, gate_up), (tokens * choices, down)):
            x = rand(rows, weight.shape[2], dtype=dtype)
            expected = expert_linear_torch(x.float(), weight.float(), routing)
            assert_close(expert_linear(x, weight, routing), expected)


def test_expert_linear_in_a_graph_follows_its_routing() -> None:
    weight = rand(16, 256, 512, dtype=torch.bfloat16) / 512**0.5
    x = rand(24, 512, dtype=torch.bfloat16)
    experts = torch.randint(0, 16, (24, 4), device="cuda")

    def run() -> Tensor:
        return expert_linear(x, weight, Routing.build(experts, 16))

    run()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        out = run()
    experts.copy_(torch.randint(0, 3, (24, 4), device="cuda"))
    graph.replay()
    expected = expert_linear_torch(x.float(), weight.float(), Routing.build(experts, 16))
    assert_close(out, expected)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("tokens", [1, 64, 1311])
def test_to_fp8(tokens: int, dtype: torch.dtype) -> None:
    for width in (64, 4096, 14336):
        x = rand(tokens, width, dtype=dtype) * torch.logspace(-6, 1, width, device="cuda").to(dtype)
        (q, scale), (expected_q, expected_scale) = to_fp8(x), to_fp8_torch(x)
        assert_close(scale, expected_scale)
        # Where the scales differ in their last bit, a value may go to the neighbour.
        same = scale == expected_scale
        assert same.any()
        assert torch.equal(q[same].float(), expected_q[same].float())


@pytest.mark.skipif(
    not torch.cuda.is_available() or torch.cuda.get_device_capability() < (9, 0),
    reason="needs compute capability 9.0",
)
@pytest.mark.parametrize("tokens", [1, 2, 16, 64, 257, 2500])
@pytest.mark.parametrize("group", ["qkv", "o", "gate_up", "down"])
def test_fp8_linear(group: str, tokens: int) -> None:
    inputs, slices = GROUPS[group]
    x = rand(tokens, inputs, dtype=torch.bfloat16)
    bias = rand(sum(slices), dtype=torch.bfloat16)
    weight, scale = to_fp8(rand(sum(slices), inputs) / inputs**0.5)
    for b in (None, bias):
        assert_close(fp8_linear(x, weight, scale, b), fp8_linear_torch(x.float(), weight, scale, b))
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        y = fp8_linear(x, weight, scale, bias)
    x.copy_(rand(tokens, inputs))
    graph.replay()
    assert_close(y, fp8_linear_torch(x.float(), weight, scale, bias))
