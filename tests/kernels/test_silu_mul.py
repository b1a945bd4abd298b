import math

import pytest
import torch
from motet_kernels import silu_mul
from motet_kernels.testing import TOLERANCE, assert_close


@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize(("tokens", "width"), [(0, 4), (1, 1), (5, 67)])
def test_matches_the_definition(tokens: int, width: int, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x = torch.randn(tokens, 2 * width).to(dtype)
    expected = torch.empty(tokens, width, dtype=torch.double)
    for t in range(tokens):
        for i in range(width):
            gate, up = float(x[t, i]), float(x[t, width + i])
            expected[t, i] = gate / (1 + math.exp(-gate)) * up
    out = silu_mul(x)
    assert out.dtype == dtype
    assert out.is_contiguous()
    assert_close(out, expected)


def test_saturates_without_overflow() -> None:
    x = torch.tensor([[-1e4, 1e4, 2.0, 2.0]], dtype=torch.float32)
    assert_close(silu_mul(x), torch.tensor([[0.0, 2e4]]))


def test_refuses_what_has_no_halves() -> None:
    for shape in ((2, 3), (4,), (1, 2, 4)):
        with pytest.raises(ValueError, match="2F"):
            silu_mul(torch.ones(shape))
