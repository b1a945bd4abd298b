import math

import pytest
import torch
from motet_kernels import rope
from motet_kernels.testing import TOLERANCE, assert_close
from torch import Tensor


def tables(positions: int, half: int) -> tuple[Tensor, Tensor]:
    angle = torch.arange(positions)[:, None] * 100.0 ** (-torch.arange(half) / half)
    return angle.cos(), angle.sin()


@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize(("heads", "kv_heads", "half"), [(1, 1, 1), (6, 2, 5), (3, 3, 16)])
def test_turns_each_pair_by_its_angle(
    heads: int, kv_heads: int, half: int, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    qkv = torch.randn(7, (heads + 2 * kv_heads) * 2 * half).to(dtype)
    q, k, v = (
        part.view(7, -1, 2 * half)
        for part in torch.split(qkv, [n * 2 * half for n in (heads, kv_heads, kv_heads)], 1)
    )
    before = qkv.clone()
    cos, sin = tables(50, half)
    positions = torch.randint(0, 50, (7,))
    expected = before.double().view(7, -1, 2 * half)
    for t, position in enumerate(positions.tolist()):
        for head in range(heads + kv_heads):
            for i in range(half):
                angle = position * 100.0 ** (-i / half)
                pair = complex(expected[t, head, i], expected[t, head, half + i])
                turned = pair * complex(math.cos(angle), math.sin(angle))
                expected[t, head, i], expected[t, head, half + i] = turned.real, turned.imag
    rope(q, k, positions, cos, sin)
    assert_close(qkv.view(7, -1, 2 * half), expected)
    assert torch.equal(v, before.view(7, -1, 2 * half)[:, heads + kv_heads :])


def test_scores_depend_on_distance_alone() -> None:
    torch.manual_seed(0)
    cos, sin = tables(100, 8)
    q, k = torch.randn(1, 1, 16), torch.randn(1, 1, 16)
    scores = []
    for at in (0, 7, 60):
        turned_q, turned_k = q.clone(), k.clone()
        rope(turned_q, torch.empty(1, 0, 16), torch.tensor([at + 5]), cos, sin)
        rope(torch.empty(1, 0, 16), turned_k, torch.tensor([at]), cos, sin)
        scores.append(float((turned_q * turned_k).sum()))
    assert scores == pytest.approx([scores[0]] * 3, abs=1e-4)


def test_refuses_what_does_not_fit() -> None:
    cos, sin = tables(10, 4)
    q, positions = torch.ones(2, 3, 8), torch.tensor([0, 1])
    for bad in (
        (q, q, positions[:1], cos, sin),
        (q[..., :6], q, positions, cos, sin),
        (q, q[:1], positions, cos, sin),
        (q, q, positions, cos, sin[:, :2]),
    ):
        with pytest.raises(ValueError, match="fit together"):
            rope(*bad)
    with pytest.raises(ValueError, match="heads"):
        rope(torch.ones(2, 8, 3).transpose(1, 2), q, positions, cos, sin)
    with pytest.raises(ValueError, match="tables"):
        rope(q, q, positions, cos.t().contiguous().t(), sin)
