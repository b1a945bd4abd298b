"""What the ranks of a model say to one another during a step; alone, a rank says nothing.

Each is entered by all ranks in the same order, waits for nothing on the host where the device is
CUDA, and can be recorded in a CUDA graph.
"""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor

from motet_inference.ranks.shard import Shard

# torch 2.13 calls it by another name, and warns of the old one.
_gather_into = getattr(dist, "all_gather_single", None) or dist.all_gather_into_tensor


def total(x: Tensor, shard: Shard) -> Tensor:
    """The sum of all ranks' x, on every rank; x itself is overwritten."""
    if shard.size > 1:
        dist.all_reduce(x)
    return x


def gathered(x: Tensor, shard: Shard) -> Tensor:
    """All ranks' columns side by side, on every rank: [R, N] -> [R, size * N]."""
    if shard.size == 1:
        return x
    rows, columns = x.shape
    parts = x.new_empty(shard.size * rows, columns)
    _gather_into(parts, x.contiguous())
    return parts.view(shard.size, rows, columns).transpose(0, 1).reshape(rows, -1)


def from_first(x: Tensor, shard: Shard) -> None:
    """Overwrite x with what it is on rank 0."""
    if shard.size > 1:
        dist.broadcast(x, 0)


def least(number: int, shard: Shard, device: torch.device) -> int:
    """The smallest of all ranks' numbers, on every rank. Waits for it."""
    if shard.size == 1:
        return number
    held = torch.tensor(number, dtype=torch.int64, device=device)
    dist.all_reduce(held, dist.ReduceOp.MIN)
    return int(held)
