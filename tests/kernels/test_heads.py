import math

import pytest
import torch
from motet_kernels import Product, place_heads
from motet_kernels.testing import TOLERANCE, assert_close
from torch import Tensor


def tables(positions: int, half: int) -> tuple[Tensor, Tensor]:
    angle = torch.arange(positions)[:, None] * 100.0 ** (-torch.arange(half) / half)
    return angle.cos(), angle.sin()


def empty_caches(kv_heads: int, dim: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    return torch.zeros(4, 8, kv_heads, dim, dtype=dtype), torch.zeros(
        4, 8, kv_heads, dim, dtype=dtype
    )


@pytest.mark.parametrize("normed", [False, True])
@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize(("heads", "kv_heads", "half"), [(1, 1, 1), (6, 2, 5), (3, 3, 16)])
def test_turns_each_pair_by_its_angle_and_stores(
    heads: int, kv_heads: int, half: int, dtype: torch.dtype, normed: bool
) -> None:
    torch.manual_seed(0)
    dim = 2 * half
    qkv = torch.randn(7, (heads + 2 * kv_heads) * dim).to(dtype)
    before = qkv.clone()
    positions = torch.randint(0, 50, (7,))
    places = torch.randperm(32)[:7]
    places[3] = -1
    norms = (torch.randn(dim).to(dtype), torch.randn(dim).to(dtype)) if normed else None
    caches = empty_caches(kv_heads, dim, dtype)
    q = place_heads(
        Product.of(qkv), positions, tables(50, half), caches, places, norms=norms, eps=1e-5
    )
    expected = before.double().view(7, -1, dim)
    for t, position in enumerate(positions.tolist()):
        for head in range(heads + kv_heads):
            if norms is not None:
                mean = float(expected[t, head].square().mean())
                expected[t, head] *= norms[head >= heads].double() / math.sqrt(mean + 1e-5)
            for i in range(half):
                angle = position * 100.0 ** (-i / half)
                pair = complex(expected[t, head, i], expected[t, head, half + i])
                turned = pair * complex(math.cos(angle), math.sin(angle))
                expected[t, head, i], expected[t, head, half + i] = turned.real, turned.imag
    assert torch.equal(qkv, before)
    assert_close(q, expected[:, :heads])
    flat = [cache.view(32, kv_heads, dim) for cache in caches]
    for t, place in enumerate(places.tolist()):
        if place >= 0:
            assert_close(flat[0][place], expected[t, heads : heads + kv_heads])
            assert torch.equal(flat[1][place], before.view(7, -1, dim)[t, heads + kv_heads :])
    untouched = sorted(set(range(32)) - set(places.tolist()))
    assert not any(cache[untouched].any() for cache in flat)


def test_scores_depend_on_distance_alone() -> None:
    torch.manual_seed(0)
    q, k = torch.randn(16), torch.randn(16)
    qkv = Product.of(torch.cat([q, k, k]).repeat(2, 1))
    scores = []
    for at in (0, 7, 60):
        caches = empty_caches(1, 16, torch.float32)
        turned = place_heads(
            qkv, torch.tensor([at + 5, at]), tables(100, 8), caches, torch.tensor([0, 1])
        )
        scores.append(float((turned[0, 0] * caches[0].view(32, 16)[1]).sum()))
    assert scores == pytest.approx([scores[0]] * 3, abs=1e-4)


def test_padding_alone_writes_nothing() -> None:
    caches = empty_caches(1, 4, torch.float32)
    qkv = Product.of(torch.ones(2, 12))
    place_heads(qkv, torch.tensor([0, 1]), tables(9, 2), caches, torch.tensor([-1, -1]))
    assert not caches[0].any()
    assert not caches[1].any()


def test_refuses_what_does_not_fit() -> None:
    qkv, positions, places = Product.of(torch.ones(2, 12)), torch.tensor([0, 1]), torch.arange(2)
    caches, both = empty_caches(1, 4, torch.float32), tables(9, 2)
    odd = torch.zeros(4, 8, 1, 3)
    for arguments in (
        (qkv, positions[:1], both, caches, places),
        (qkv, positions, both, caches, places[:1]),
        (qkv, positions, tables(9, 1), caches, places),
        (qkv, positions, (both[0], both[1][:5]), caches, places),
        (qkv, positions, both, (caches[0], caches[1][:2]), places),
        (qkv, positions, both, (odd, odd), places),
        (Product.of(torch.ones(2, 8)), positions, both, caches, places),
        (Product.of(torch.ones(2, 13)), positions, both, caches, places),
    ):
        with pytest.raises(ValueError, match="fit together"):
            place_heads(*arguments)
    with pytest.raises(ValueError, match="fit together"):
        place_heads(qkv, positions, both, caches, places, norms=(torch.ones(4), torch.ones(2)))
    turned = (caches[0].transpose(0, 1), caches[1].transpose(0, 1))
    with pytest.raises(ValueError, match="contiguous"):
        place_heads(qkv, positions, both, turned, places)
