import math
from collections.abc import Callable

import pytest
import torch
from motet_kernels import Low, Product, gelu_mul, silu_mul
from motet_kernels.testing import TOLERANCE, assert_close
from torch import Tensor


def silu(x: float) -> float:
    return x / (1 + math.exp(-x))


def gelu(x: float) -> float:
    return x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


@pytest.mark.parametrize(("gate_mul", "activation"), [(silu_mul, silu), (gelu_mul, gelu)])
@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize(("tokens", "width"), [(0, 4), (1, 1), (5, 67)])
def test_matches_the_definition(
    tokens: int,
    width: int,
    dtype: torch.dtype,
    gate_mul: Callable[[Product], Tensor],
    activation: Callable[[float], float],
) -> None:
    torch.manual_seed(0)
    x = torch.randn(tokens, 2 * width).to(dtype)
    expected = torch.empty(tokens, width, dtype=torch.double)
    for t in range(tokens):
        for i in range(width):
            expected[t, i] = activation(float(x[t, i])) * float(x[t, width + i])
    out = gate_mul(Product.of(x))
    assert out.dtype == dtype
    assert out.is_contiguous()
    assert_close(out, expected)


@pytest.mark.parametrize("gate_mul", [silu_mul, gelu_mul])
def test_saturates_without_overflow(gate_mul: Callable[[Product], Tensor]) -> None:
    x = torch.tensor([[-1e4, 1e4, 2.0, 2.0]], dtype=torch.float32)
    assert_close(gate_mul(Product.of(x)), torch.tensor([[0.0, 2e4]]))


@pytest.mark.parametrize("gate_mul", [silu_mul, gelu_mul])
def test_refuses_what_has_no_halves(gate_mul: Callable[[Product], Tensor]) -> None:
    with pytest.raises(ValueError, match="2F"):
        gate_mul(Product.of(torch.ones(2, 3)))
    low = Low(torch.ones(1, 2, 2, 4), torch.ones(1, 8, 4), *torch.zeros(2, 2).int(), (6, 2))
    with pytest.raises(ValueError, match="halves"):
        gate_mul(Product(torch.ones(1, 2, 8), torch.float32, low))
