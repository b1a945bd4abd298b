"""A projection's output that is not summed up yet, and the projection that makes it."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from motet_kernels.lora import LoraBatch, LoraGroup, add_lora, add_lora_torch

# Up to so many rows, streaming a weight and the adapters beside it is faster than a library's
# product with the adapters in launches of their own; from 24 on it is not (docs/benchmarks.md).
FEW_ROWS = 16


@dataclass(frozen=True)
class Low:
    """The low-rank half of a projection: each row's `x @ a^T`, and where the other half lies.

    Attributes:
        hidden: fp32 [P, T, J, R], P partial sums for each of the J slices; what lies beyond a row's
            rank, and in rows without an adapter, is undefined.
        b: [S, N, W], as `add_lora` has it.
        token_slot: int32 [T], -1 where a row has no adapter.
        ranks: int32 [S].
        slices: widths of the J merged projections.
    """

    hidden: Tensor
    b: Tensor
    token_slot: Tensor
    ranks: Tensor
    slices: tuple[int, ...]


@dataclass(frozen=True)
class Product:
    """`y = parts.sum(0)`, and each row's adapter on top; whoever reads it sums it up in fp32.

    A kernel that streams weights ends when its last program has written its part: adding the parts
    up is left to the kernel that reads y next, which is a launch less, and no atomics.

    Attributes:
        parts: [S, T, N], contiguous; fp32, or `dtype`.
        dtype: of y, and of what is made of it.
        low: None where no row has an adapter, or the parts hold the adapters' share already.
    """

    parts: Tensor
    dtype: torch.dtype
    low: Low | None = None

    @classmethod
    def of(cls, y: Tensor) -> "Product":
        """A finished output [T, N]."""
        return cls(y.contiguous().unsqueeze(0), y.dtype)

    @property
    def shape(self) -> tuple[int, int]:
        """(T, N)."""
        return self.parts.shape[1], self.parts.shape[2]

    def dense(self) -> Tensor:
        """y in fp32 [T, N], by PyTorch; it may share its memory with the parts."""
        y = self.parts[0].float() if len(self.parts) == 1 else self.parts.float().sum(0)
        if self.low is None:
            return y
        y = y.clone()
        hidden, ranks = self.low.hidden.sum(0), self.low.ranks.tolist()
        ends = [sum(self.low.slices[: j + 1]) for j in range(len(self.low.slices))]
        for t, slot in enumerate(self.low.token_slot.tolist()):
            if slot < 0:
                continue
            b, rank = self.low.b[slot].float(), ranks[slot]
            for j, (end, width) in enumerate(zip(ends, self.low.slices, strict=True)):
                y[t, end - width : end] += b[end - width : end, :rank] @ hidden[t, j, :rank]
        return y


def settle(product: Product) -> Tensor:
    """y [T, N] in its dtype: the parts and the adapters' share summed in fp32, rounded once."""
    if len(product.parts) == 1 and product.low is None and product.parts.dtype == product.dtype:
        return product.parts[0]
    if product.parts.is_cuda:
        from motet_kernels._triton.settle import settle_triton

        return settle_triton(product)
    return settle_torch(product)


def settle_torch(product: Product) -> Tensor:
    """The torch twin of `settle`."""
    return product.dense().to(product.dtype)


def project(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    group: LoraGroup | None = None,
    lora: LoraBatch | None = None,
) -> Product:
    """A (merged) projection, with each row's adapter.

    Semantics: `x @ weight^T + bias`, and what `add_lora` adds to it. Accumulates in fp32.

    Args:
        x: [T, K], contiguous columns.
        weight: [N, K], contiguous.
        bias: [N], or None.
        group: the adapters of this projection; None where it has none.
        lora: which row has which; None where none has.

    Raises:
        ValueError: shapes, strides or dtypes that do not fit together.
    """
    if x.is_cuda and len(x) <= FEW_ROWS:
        from motet_kernels._triton.stream import project_triton

        both = (group, lora) if group is not None and lora is not None else None
        return project_triton(x, weight, bias, both)
    return _finished(F.linear(x, weight, bias), x, group, lora)


def project_torch(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    group: LoraGroup | None = None,
    lora: LoraBatch | None = None,
) -> Product:
    """The torch twin of `project`."""
    y = F.linear(x, weight, bias)
    if group is not None and lora is not None:
        add_lora_torch(y, x, group.a, group.b, lora, group.slices)
    return Product.of(y)


def adapted(y: Tensor, x: Tensor, group: LoraGroup | None, lora: LoraBatch | None) -> Product:
    """A base output y [T, N] of x [T, K], from wherever, with each row's adapter. Owns y."""
    if y.is_cuda and len(x) <= FEW_ROWS and group is not None and lora is not None:
        from motet_kernels._triton.stream import low_triton

        return Product(y.unsqueeze(0), y.dtype, low_triton(x, (group, lora)))
    return _finished(y, x, group, lora)


def _finished(y: Tensor, x: Tensor, group: LoraGroup | None, lora: LoraBatch | None) -> Product:
    if group is not None and lora is not None:
        add_lora(y, x, group.a, group.b, lora, group.slices)
    return Product.of(y)
