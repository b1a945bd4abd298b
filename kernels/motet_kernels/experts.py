"""The linear layers of a mixture of experts: each row goes through the weights of its experts."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor


@dataclass(frozen=True)
class Routing:
    """Which expert works on which pair; pair p is choice `p % k` of token `p // k`.

    Attributes:
        order: int64 [T*k], the pairs in the order of their experts.
        starts: int32 [E+1]; expert e has the pairs `order[starts[e]:starts[e+1]]`.
    """

    order: Tensor
    starts: Tensor

    @classmethod
    def build(cls, experts: Tensor, num_experts: int) -> "Routing":
        """From the experts of each token, int64 [T, k]. Nothing is read back from the device."""
        chosen, order = experts.view(-1).sort(stable=True)
        bounds = torch.arange(num_experts + 1, device=experts.device)
        return cls(order, torch.searchsorted(chosen, bounds, out_int32=True))


def expert_linear(x: Tensor, weight: Tensor, routing: Routing) -> Tensor:
    """Put the row of each pair through its expert.

    Semantics: with P pairs and `k = P / rows of x`, for every pair p of expert e:
    `out[p] = x[p // k] @ weight[e]^T`, accumulated in fp32, rounded once.

    Args:
        x: [T, in] for all k pairs of each token, or [P, in] for one row to each pair; contiguous.
        weight: [E, out, in], contiguous.
        routing: of the P pairs.

    Returns:
        [P, out] of x's dtype, contiguous.
    """
    _check(x, weight, routing)
    if x.is_cuda:
        from motet_kernels._triton.experts import expert_linear_triton

        return expert_linear_triton(x, weight, routing)
    return expert_linear_torch(x, weight, routing)


def expert_linear_torch(x: Tensor, weight: Tensor, routing: Routing) -> Tensor:
    """The torch twin of `expert_linear`: one product for each expert in use."""
    _check(x, weight, routing)
    pairs = len(routing.order)
    out = x.new_empty(pairs, weight.shape[1])
    starts: list[int] = routing.starts.tolist()
    for expert, (start, end) in enumerate(pairwise(starts)):
        if start < end:
            members = routing.order[start:end]
            rows = x[members // (pairs // len(x))]
            out[members] = torch.nn.functional.linear(rows, weight[expert])
    return out


def _check(x: Tensor, weight: Tensor, routing: Routing) -> None:
    pairs = len(routing.order)
    if x.ndim != 2 or weight.ndim != 3 or x.shape[1] != weight.shape[2]:
        raise ValueError(f"x {tuple(x.shape)} does not fit experts {tuple(weight.shape)}")
    if len(routing.starts) != weight.shape[0] + 1:
        raise ValueError(f"{len(routing.starts) - 1} experts in the routing of {weight.shape[0]}")
    if not len(x) or pairs % len(x):
        raise ValueError(f"{pairs} pairs do not divide over {len(x)} rows")
    if not (x.is_contiguous() and weight.is_contiguous()):
        raise ValueError("x and weight must be contiguous")
