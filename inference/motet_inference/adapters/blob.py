"""An adapter's weights on the host, in slot layout: one block of memory, and views into it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import torch
from torch import Tensor

from motet_inference.adapters.projections import GROUPS, group_shapes
from motet_inference.models.config import ModelConfig

# (count, dtype) -> memory [count], unset.
Room = Callable[[int, torch.dtype], Tensor]


def plain_room(count: int, dtype: torch.dtype) -> Tensor:
    """Ordinary memory."""
    return torch.empty(count, dtype=dtype)


@dataclass(frozen=True)
class AdapterWeights:
    """One adapter as slots hold it, cut to its own rank r; `blob` is the memory behind it all.

    groups: per layer, group name -> (a [n*r, in], b [out, r] with the scale folded in), where n is
    the number of slices; a group that the adapter does not touch is absent. Slices or modules of a
    smaller rank than r are filled with zeros. checksum: of the blob, see `checksum.checksum`.
    """

    rank: int
    groups: tuple[dict[str, tuple[Tensor, Tensor]], ...]
    blob: Tensor
    checksum: int = 0

    @classmethod
    def unset(
        cls,
        config: ModelConfig,
        rank: int,
        touched: Collection[tuple[int, str]],
        *,
        dtype: torch.dtype,
        room: Room,
    ) -> AdapterWeights:
        """Memory for these groups of these layers, one after the other in the order of GROUPS."""
        shapes = group_shapes(config.local)
        sizes = {
            group: (len(s.slices) * rank * s.in_features, s.out_features * rank)
            for group, s in shapes.items()
        }
        blob = room(sum(sum(sizes[group]) for _, group in touched), dtype)
        groups: list[dict[str, tuple[Tensor, Tensor]]] = []
        at = 0
        for layer in range(config.num_layers):
            views: dict[str, tuple[Tensor, Tensor]] = {}
            for group in (g for g in GROUPS if (layer, g) in touched):
                middle = at + sizes[group][0]
                end = middle + sizes[group][1]
                views[group] = (
                    blob[at:middle].view(-1, shapes[group].in_features),
                    blob[middle:end].view(-1, rank),
                )
                at = end
            groups.append(views)
        return cls(rank, tuple(groups), blob)

    @property
    def nbytes(self) -> int:
        return self.blob.nbytes
