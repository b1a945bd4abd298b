import pytest
import torch
from motet_kernels import Product, add_rms_norm, rms_norm
from motet_kernels.testing import TOLERANCE, assert_close
from torch import Tensor

DTYPES = list(TOLERANCE)
SHAPES = [(1, 1), (3, 67), (20, 33), (0, 4)]


def naive(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    rows = [
        row / (sum(float(value) ** 2 for value in row) / len(row) + eps) ** 0.5 * weight.double()
        for row in x.double()
    ]
    return torch.stack(rows) if rows else x.double()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_matches_the_definition(shape: tuple[int, int], dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x = torch.randn(shape).to(dtype)
    weight = torch.randn(shape[-1]).to(dtype)
    before = x.clone()
    out = rms_norm(x, weight, 1e-5)
    assert out.dtype == dtype
    assert_close(out, naive(x, weight, 1e-5))
    assert torch.equal(x, before)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_adds_the_residual_first(shape: tuple[int, int], dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x, residual = (torch.randn(shape).to(dtype) for _ in range(2))
    weight = torch.randn(shape[-1]).to(dtype)
    before = x.clone(), residual.clone()
    normed, total = add_rms_norm(Product.of(x), residual, weight, 1e-5)
    assert torch.equal(total, x + residual)
    assert_close(normed, naive(total, weight, 1e-5))
    assert torch.equal(x, before[0])
    assert torch.equal(residual, before[1])


def test_eps_counts_where_rows_are_small() -> None:
    x = torch.full((2, 16), 1e-3)
    assert_close(rms_norm(x, torch.ones(16), 1e-2), naive(x, torch.ones(16), 1e-2))
    assert not rms_norm(torch.zeros(2, 16), torch.ones(16), 1e-5).any()


def test_large_half_values_do_not_overflow() -> None:
    x = torch.full((1, 64), 6e4, dtype=torch.float16)
    assert_close(rms_norm(x, torch.ones(64, dtype=torch.float16), 1e-5), torch.ones(1, 64))


def test_takes_rows_of_a_wider_buffer() -> None:
    wide = torch.randn(5, 48)
    out = rms_norm(wide[:, 8:32], torch.ones(24), 1e-5)
    assert out.is_contiguous()
    assert torch.equal(out, rms_norm(wide[:, 8:32].contiguous(), torch.ones(24), 1e-5))


def test_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="weight"):
        rms_norm(torch.ones(2, 4), torch.ones(5), 1e-5)
    with pytest.raises(ValueError, match="weight"):
        rms_norm(torch.ones(2, 3, 4), torch.ones(4), 1e-5)
    with pytest.raises(ValueError, match="columns"):
        rms_norm(torch.ones(4, 2).t(), torch.ones(4), 1e-5)
    for residual in (torch.ones(2, 5), torch.ones(2, 4).half()):
        with pytest.raises(ValueError, match="residual"):
            add_rms_norm(Product.of(torch.ones(2, 4)), residual, torch.ones(4), 1e-5)
    with pytest.raises(ValueError, match="weight"):
        add_rms_norm(Product.of(torch.ones(2, 4)), torch.ones(2, 4), torch.ones(5), 1e-5)
