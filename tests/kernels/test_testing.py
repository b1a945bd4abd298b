import pytest
import torch
from motet_kernels.testing import POPULARITIES, TOLERANCE, Popularity, assert_close, popular


@pytest.mark.parametrize("dtype", list(TOLERANCE))
def test_the_tolerance_admits_rounding_and_nothing_else(dtype: torch.dtype) -> None:
    exact = torch.randn(1000, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    assert_close(exact.to(dtype), exact)
    wrong = exact.clone()
    wrong[7] += 5 * TOLERANCE[dtype][1] * (1 + exact[7].abs())
    with pytest.raises(AssertionError):
        assert_close(wrong.to(dtype), exact)
    with pytest.raises(AssertionError):
        assert_close(torch.full((1,), float("nan"), dtype=dtype), torch.zeros(1))


@pytest.mark.parametrize("popularity", POPULARITIES)
def test_popularity(popularity: Popularity) -> None:
    slots = popular(popularity, 400, 8)
    counts = torch.bincount(torch.tensor(slots) + 1, minlength=9).tolist()
    assert len(slots) == 400
    assert popular(popularity, 400, 8) == slots
    if popularity == "distinct":
        assert len(set(slots[:8])) == 8
    if popularity in ("distinct", "uniform"):
        assert counts[0] == 0
        assert min(counts[1:]) >= 30
    if popularity == "zipf":
        assert counts[1] > counts[2] > counts[8]
    if popularity == "identical":
        assert len(set(slots)) == 1
    if popularity == "skewed":
        assert counts[0] > 60
        assert counts[1] > 180
    if popularity == "none":
        assert set(slots) == {-1}
