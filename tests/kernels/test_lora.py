import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from motet_kernels import LoraBatch, add_lora
from motet_kernels.testing import POPULARITIES, TOLERANCE, Popularity, assert_close, popular
from torch import Tensor

DTYPES = list(TOLERANCE)
RANKS = [4, 64, 8, 0, 16, 33]
QKV = (40, 16, 16)


def build(token_slot: list[int], ranks: list[int] = RANKS) -> LoraBatch | None:
    return LoraBatch.build(token_slot, ranks, torch.tensor(ranks, dtype=torch.int32), "cpu")


def operands(
    tokens: int, inputs: int, slices: tuple[int, ...], dtype: torch.dtype, seed: int = 0
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """y, x, a, b, with sums of order one."""
    torch.manual_seed(seed)
    slots, width = len(RANKS), max(RANKS)
    y = torch.randn(tokens, sum(slices))
    x = torch.randn(tokens, inputs)
    a = torch.randn(slots, len(slices) * width, inputs) / inputs**0.5
    b = torch.randn(slots, sum(slices), width) / width**0.5
    return y.to(dtype), x.to(dtype), a.to(dtype), b.to(dtype)


def naive(
    y: Tensor, x: Tensor, a: Tensor, b: Tensor, token_slot: list[int], slices: tuple[int, ...]
) -> Tensor:
    """The definition, token by token, in double precision."""
    y, x, a, b = (t.double().clone() for t in (y, x, a, b))
    width = b.shape[2]
    for t, slot in enumerate(token_slot):
        if slot < 0:
            continue
        rank, offset = RANKS[slot], 0
        for j, size in enumerate(slices):
            hidden = a[slot, j * width : j * width + rank] @ x[t]
            y[t, offset : offset + size] += b[slot, offset : offset + size, :rank] @ hidden
            offset += size
    return y


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("popularity", POPULARITIES)
@pytest.mark.parametrize(("tokens", "slices"), [(1, (24,)), (7, (24, 24)), (83, QKV)])
def test_matches_the_definition(
    tokens: int, slices: tuple[int, ...], popularity: Popularity, dtype: torch.dtype
) -> None:
    token_slot = popular(popularity, tokens, len(RANKS))
    y, x, a, b = operands(tokens, 50, slices, dtype)
    expected = naive(y, x, a, b, token_slot, slices)
    lora = build(token_slot)
    if popularity == "none":
        assert lora is None
        return
    assert lora is not None
    add_lora(y, x, a, b, lora, slices)
    assert_close(y, expected)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-1, len(RANKS) - 1), min_size=1, max_size=150))
def test_sorts_any_batch(token_slot: list[int]) -> None:
    lora = build(token_slot)
    adapted = [t for t, slot in enumerate(token_slot) if slot >= 0]
    if lora is None:
        assert not adapted
        return
    order, starts = lora.order.tolist(), lora.seg_start.tolist()
    segments = [
        (slot, order[starts[g] : starts[g + 1]]) for g, slot in enumerate(lora.seg_slot.tolist())
    ]
    assert segments == [
        (slot, [t for t in adapted if token_slot[t] == slot])
        for slot in sorted({token_slot[t] for t in adapted})
    ]
    tiled = [(slot, order[start:end]) for slot, start, end, _ in lora.tiles.tolist()]
    assert all(0 < len(tokens) <= lora.tile_rows for _, tokens in tiled)
    assert [(s, t) for s, tokens in tiled for t in tokens] == [
        (s, t) for s, tokens in segments for t in tokens
    ]
    assert all(rank == RANKS[slot] for slot, _, _, rank in lora.tiles.tolist())
    assert lora.token_slot.tolist() == token_slot
    assert lora.num_slots_used == len(segments)
    assert lora.max_segment == max(len(tokens) for _, tokens in segments)
    assert lora.max_rank == max(RANKS[slot] for slot, _ in segments)


def test_takes_a_tensor_of_slots() -> None:
    lora = LoraBatch.build(torch.tensor([-1, 2, 0]), RANKS, torch.tensor(RANKS), "cpu")
    assert lora is not None
    assert lora.order.tolist() == [2, 1]


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_alone_equals_the_row_in_a_batch(dtype: torch.dtype) -> None:
    token_slot = popular("skewed", 40, len(RANKS))
    y, x, a, b = operands(40, 50, QKV, dtype)
    together = y.clone()
    lora = build(token_slot)
    assert lora is not None
    add_lora(together, x, a, b, lora, QKV)
    for t, slot in enumerate(token_slot):
        alone = y[t : t + 1].clone()
        lora = build([slot])
        if lora is not None:
            add_lora(alone, x[t : t + 1], a, b, lora, QKV)
        unit = torch.finfo(dtype).eps if dtype != torch.float32 else 1e-6
        torch.testing.assert_close(together[t : t + 1], alone, rtol=unit, atol=unit)


def test_other_slots_and_what_lies_beyond_a_rank_have_no_influence() -> None:
    token_slot = [2, -1, 2, 0]
    y, x, a, b = operands(4, 50, QKV, torch.float32)
    expected = naive(y, x, a, b, token_slot, QKV)
    untouched = y[1].clone()
    stacked = a.view(len(RANKS), len(QKV), -1, 50)
    for slot, rank in enumerate(RANKS):
        unused = 0 if slot not in token_slot else rank
        stacked[slot, :, unused:] = float("nan")
        b[slot, :, unused:] = float("nan")
    x[1] = float("nan")
    lora = build(token_slot)
    assert lora is not None
    add_lora(y, x, a, b, lora, QKV)
    assert_close(y, expected)
    assert torch.equal(y[1], untouched)


def test_writes_into_a_view() -> None:
    y, x, a, b = operands(3, 50, (24,), torch.float32)
    expected = naive(y, x, a, b, [0, 1, 2], (24,))
    wide = torch.zeros(3, 60)
    wide[:, :24] = y
    lora = build([0, 1, 2])
    assert lora is not None
    add_lora(wide[:, :24], x, a, b, lora, (24,))
    assert_close(wide[:, :24], expected)
    assert not wide[:, 24:].any()


@pytest.mark.parametrize("token_slot", [[0, len(RANKS)], [0, -2]])
def test_refuses_a_slot_that_does_not_exist(token_slot: list[int]) -> None:
    with pytest.raises(ValueError, match="slots"):
        build(token_slot)


def test_refuses_what_does_not_fit() -> None:
    y, x, a, b = operands(2, 50, QKV, torch.float32)
    lora = build([0, 1])
    assert lora is not None
    for bad in (
        (y[:, :-1], x, a, b, lora, QKV),
        (y, x[:1], a, b, lora, QKV),
        (y, x, a[:, :-1], b, lora, QKV),
        (y, x, a, b[..., :32].contiguous(), lora, QKV),
        (y, x, a, b, lora, (18, 18, 18, 18)),
        (y, x.half(), a, b, lora, QKV),
        (y, x, a.transpose(0, 1).contiguous().transpose(0, 1), b, lora, QKV),
    ):
        with pytest.raises(ValueError):
            add_lora(*bad)
    ranks = [128]
    lora = build([0, 0], ranks)
    assert lora is not None
    with pytest.raises(ValueError, match="rank 128"):
        add_lora(y, x, a, b, lora, QKV)
