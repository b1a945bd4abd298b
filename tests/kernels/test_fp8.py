import pytest
import torch
from motet_kernels import fp8_linear, to_fp8
from motet_kernels.fp8 import FP8
from motet_kernels.testing import TOLERANCE, assert_close
from torch import Tensor

DTYPES = list(TOLERANCE)


def nearest(row: list[float], scale: float) -> list[float]:
    """By search over all 254 finite values of e4m3, ties to the even one."""
    bits = torch.arange(256, dtype=torch.uint8)
    values = bits.view(FP8).double()
    kept = [(v, int(b)) for v, b in zip(values.tolist(), bits.tolist(), strict=True) if v == v]
    return [min(kept, key=lambda c: (abs(c[0] - x / scale), c[1] & 1))[0] for x in row]


@pytest.mark.parametrize("dtype", DTYPES)
def test_each_value_goes_to_the_nearest(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x = (torch.randn(4, 60) * torch.logspace(-6, 1, 60)).to(dtype)
    q, scale = to_fp8(x)
    assert (q.dtype, scale.dtype) == (FP8, torch.float32)
    assert torch.equal(scale, x.float().abs().amax(1) / 448)
    for row, found, s in zip(x.float(), q.double(), scale.tolist(), strict=True):
        # The quotient as fp32 has it, as the definition says.
        assert found.tolist() == nearest((row / s).tolist(), 1.0)
    assert q.float().abs().amax(1).tolist() == [448.0] * 4


def test_rows_of_zeros_and_of_tiny_values_stay_finite() -> None:
    x = torch.zeros(3, 16)
    x[1] = 1e-43
    x[2, 3] = 3e38
    q, scale = to_fp8(x)
    assert torch.isfinite(q.float()).all()
    assert (scale > 0).all()
    assert not q[0].float().any()
    assert (q.float() * scale[:, None])[2, 3] == pytest.approx(3e38)


def operands(dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    x, dense = torch.randn(7, 64).to(dtype), torch.randn(48, 64) / 8
    dense *= torch.logspace(-2, 1, 48)[:, None]
    weight, scale = to_fp8(dense)
    return x, dense, weight, scale, torch.randn(48).to(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_product_matches_the_definition(dtype: torch.dtype) -> None:
    x, dense, weight, scale, bias = operands(dtype)
    q, rows = to_fp8(x)
    exact = (q.double() * rows.double()[:, None]) @ (weight.double() * scale.double()[:, None]).T
    y = fp8_linear(x, weight, scale, bias)
    assert y.dtype == dtype
    assert_close(fp8_linear(x, weight, scale, None), exact)
    assert_close(y, exact + bias.double())
    # And it is near the product that it stands for.
    true = x.double() @ dense.double().T
    assert (exact - true).norm() < 0.05 * true.norm()
    assert (exact - true).norm() > 0.005 * true.norm()


def test_the_twin_says_what_torch_says() -> None:
    """PyTorch has the same product for the CPU; on a GPU it is what runs."""
    x, _, weight, scale, _ = operands(torch.bfloat16)
    q, rows = to_fp8(x)
    theirs = torch._scaled_mm(
        q, weight.t(), scale_a=rows[:, None], scale_b=scale[None], out_dtype=torch.bfloat16
    )
    assert_close(fp8_linear(x, weight, scale, None), theirs)


def test_refuses_what_does_not_fit() -> None:
    x, dense, weight, scale, _ = operands(torch.float32)
    with pytest.raises(ValueError, match="float32 and"):
        fp8_linear(x, dense, scale, None)
    with pytest.raises(ValueError, match="fit together"):
        fp8_linear(x[:, :-1], weight, scale, None)
    with pytest.raises(ValueError, match="fit together"):
        fp8_linear(x, weight, scale[:-1], None)
    with pytest.raises(ValueError, match="multiples of 16"):
        fp8_linear(x, weight[:40], scale[:40], None)
