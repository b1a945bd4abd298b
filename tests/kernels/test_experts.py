import pytest
import torch
from motet_kernels import Routing, expert_linear
from motet_kernels.testing import TOLERANCE, assert_close


@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize(("rows", "choices", "experts"), [(1, 1, 1), (5, 2, 3), (9, 4, 16)])
def test_matches_the_definition(rows: int, choices: int, experts: int, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    chosen = torch.randint(0, experts, (rows, choices))
    weight = torch.randn(experts, 6, 10).to(dtype)
    routing = Routing.build(chosen, experts)
    for x in (torch.randn(rows, 10).to(dtype), torch.randn(rows * choices, 10).to(dtype)):
        out = expert_linear(x, weight, routing)
        assert out.dtype == dtype
        for pair in range(rows * choices):
            row = x[pair // choices] if len(x) == rows else x[pair]
            expected = weight[chosen.view(-1)[pair]].double() @ row.double()
            assert_close(out[pair], expected)


def test_the_routing_holds_each_pair_once_at_its_expert() -> None:
    chosen = torch.tensor([[4, 1], [1, 0], [4, 2]])
    routing = Routing.build(chosen, 6)
    assert routing.starts.tolist() == [0, 1, 3, 4, 4, 6, 6]
    assert routing.order.tolist() == [3, 1, 2, 5, 0, 4]


def test_refuses_what_does_not_fit() -> None:
    routing = Routing.build(torch.zeros(3, 2, dtype=torch.int64), 4)
    weight = torch.ones(4, 5, 8)
    with pytest.raises(ValueError, match="does not fit"):
        expert_linear(torch.ones(3, 7), weight, routing)
    with pytest.raises(ValueError, match="experts in the routing"):
        expert_linear(torch.ones(3, 8), weight[:3], routing)
    with pytest.raises(ValueError, match="divide"):
        expert_linear(torch.ones(4, 8), weight, routing)
    with pytest.raises(ValueError, match="contiguous"):
        expert_linear(torch.ones(8, 3).t(), weight, routing)
