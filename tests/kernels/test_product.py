from typing import NamedTuple

import pytest
import torch
from motet_kernels import LoraBatch, Low, Product, adapted, project, settle
from motet_kernels.testing import TOLERANCE, assert_close
from torch import Tensor


class Group(NamedTuple):
    a: Tensor
    b: Tensor
    slices: tuple[int, ...]


RANKS = [4, 0, 2]
SLICES = (6, 3)


def group(dtype: torch.dtype) -> Group:
    torch.manual_seed(1)
    return Group(torch.randn(3, 8, 5).to(dtype), torch.randn(3, 9, 4).to(dtype), SLICES)


def batch(token_slot: list[int]) -> LoraBatch | None:
    return LoraBatch.build(token_slot, RANKS, torch.tensor(RANKS).int(), "cpu")


def by_hand(x: Tensor, adapters: Group, token_slot: list[int]) -> Tensor:
    """The adapters' share of each row, in double precision."""
    share = torch.zeros(len(x), sum(SLICES), dtype=torch.double)
    for t, slot in enumerate(token_slot):
        for j, rank in enumerate([RANKS[slot]] * 2 if slot >= 0 else []):
            first = sum(SLICES[:j])
            columns = slice(first, first + SLICES[j])
            hidden = x[t].double() @ adapters.a[slot, j * 4 : j * 4 + rank].double().t()
            share[t, columns] = adapters.b[slot, columns, :rank].double() @ hidden
    return share


@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize("token_slot", [[2, -1, 0, 1], [-1, -1, -1, -1]])
def test_project_adds_bias_and_adapters(token_slot: list[int], dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(4, 5).to(dtype), torch.randn(9, 5).to(dtype)
    bias, adapters = torch.randn(9).to(dtype), group(dtype)
    expected = x.double() @ weight.double().t() + bias.double()
    assert_close(settle(project(x, weight, bias)), expected)
    expected += by_hand(x, adapters, token_slot)
    y = project(x, weight, bias, adapters, batch(token_slot))
    assert y.shape == (4, 9)
    assert settle(y).dtype == dtype
    tolerance = 4 * TOLERANCE[dtype][0]  # y is rounded before the adapters' share is added
    torch.testing.assert_close(settle(y).double(), expected, rtol=tolerance, atol=tolerance)
    base = torch.nn.functional.linear(x, weight, bias)
    assert torch.equal(settle(adapted(base, x, adapters, batch(token_slot))), settle(y))


def test_a_product_is_the_sum_of_its_parts_and_of_the_low_rank_half() -> None:
    torch.manual_seed(0)
    parts, hidden = torch.randn(3, 4, 9), torch.randn(2, 4, 2, 16)
    adapters, token_slot = group(torch.float32), [2, -1, 0, 1]
    for t, slot in enumerate(token_slot):
        hidden[:, t, :, RANKS[slot] if slot >= 0 else 0 :] = float("nan")
    ranks = torch.tensor(RANKS).int()
    low = Low(hidden, adapters.b, torch.tensor(token_slot).int(), ranks, SLICES)
    expected = parts.double().sum(0)
    for t, slot in enumerate(token_slot):
        for n in range(9 if slot >= 0 else 0):
            for r in range(RANKS[slot]):
                lows = hidden[:, t, int(n >= 6), r].double().sum()
                expected[t, n] += float(lows) * float(adapters.b[slot, n, r])
    before = parts.clone()
    assert_close(Product(parts, torch.float32, low).dense(), expected)
    assert torch.equal(parts, before)
    half = settle(Product(parts, torch.bfloat16, low))
    assert half.dtype == torch.bfloat16
    assert_close(half, expected)
