"""The device memory of all slots, and how one adapter's weights get into it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor

from motet_inference.adapters.blob import AdapterWeights
from motet_inference.adapters.checksum import checksum
from motet_inference.adapters.projections import GROUPS, group_shapes, groups_of_layer
from motet_inference.models.config import ModelConfig


@dataclass(frozen=True)
class Group:
    """The adapters under one base GEMM, as `motet_kernels.add_lora` takes them.

    a [S, n*R, in] with slice j's rows from j*R, b [S, out, R] with the scale folded in.
    """

    a: Tensor
    b: Tensor
    slices: tuple[int, ...]


@dataclass(frozen=True)
class LayerLora:
    """The four groups of one layer; those of the MLP are None where it has experts."""

    qkv: Group
    o: Group
    gate_up: Group | None = None
    down: Group | None = None

    @property
    def groups(self) -> dict[str, Group]:
        """Those that there are, by name."""
        named = {"qkv": self.qkv, "o": self.o, "gate_up": self.gate_up, "down": self.down}
        return {name: group for name, group in named.items() if group is not None}


@dataclass(frozen=True)
class LoraWeights:
    """Every layer's slots, and each slot's rank (0: empty), int32 [S] on the device.

    Invariant: whatever lies in a slot beyond its rank is zero.
    """

    layers: tuple[LayerLora, ...]
    ranks: Tensor
    ranks_host: list[int]
    max_rank: int

    @classmethod
    def zeros(
        cls,
        config: ModelConfig,
        *,
        num_slots: int,
        max_rank: int,
        dtype: torch.dtype,
        device: torch.device,
    ) -> LoraWeights:
        """Empty slots, of several ranks for this one's share: see `weights.load_adapter`."""
        shapes = group_shapes(config.local)

        def layer(number: int) -> LayerLora:
            groups: dict[str, Group] = {}
            for name in groups_of_layer(config, number):
                shape = shapes[name]
                rows = len(shape.slices) * max_rank
                a = torch.zeros(num_slots, rows, shape.in_features, dtype=dtype, device=device)
                b = torch.zeros(num_slots, shape.out_features, max_rank, dtype=dtype, device=device)
                groups[name] = Group(a, b, shape.slices)
            return LayerLora(**groups)

        ranks = torch.zeros(num_slots, dtype=torch.int32, device=device)
        layers = tuple(layer(i) for i in range(config.num_layers))
        return cls(layers, ranks, [0] * num_slots, max_rank)

    def write(self, slot: int, weights: AdapterWeights, *, device_blob: Tensor) -> None:
        """Overwrite a slot entirely. `device_blob` is `weights.blob`, already on the device.

        Runs on the current stream; the caller sees to it that nobody reads the slot meanwhile.
        """
        rank, old = weights.rank, self.ranks_host[slot]
        self.ranks_host[slot] = max(
            old, rank
        )  # a write that fails half way leaves this much behind
        for layer, groups in zip(self.layers, weights.groups, strict=True):
            for name, group in layer.groups.items():
                a = group.a[slot].view(len(group.slices), self.max_rank, -1)
                b = group.b[slot]
                if name in groups:
                    new_a, new_b = (_on_device(t, weights.blob, device_blob) for t in groups[name])
                    a[:, :rank].copy_(new_a.view(len(group.slices), rank, -1))
                    b[:, :rank].copy_(new_b)
                    kept = rank
                else:
                    kept = 0
                if old > kept:
                    a[:, kept:old].zero_()
                    b[:, kept:old].zero_()
        self.ranks[slot] = rank
        self.ranks_host[slot] = rank

    def randomise(self, targets: Collection[str], *, rank: int, std: float = 0.02) -> None:
        """Put an adapter of normal weights on `targets`, such as `q_proj`, into every slot."""
        for layer in self.layers:
            for name, group in layer.groups.items():
                start = 0
                for i, (target, width) in enumerate(zip(GROUPS[name], group.slices, strict=True)):
                    if target in targets:
                        rows = i * self.max_rank
                        group.a[:, rows : rows + rank].normal_(0, std)
                        group.b[:, start : start + width, :rank].normal_(0, std)
                    start += width
        self.ranks.fill_(rank)
        self.ranks_host[:] = [rank] * len(self.ranks_host)

    def checksum(self, slot: int) -> int:
        """Over all of a slot, what lies beyond its rank included. Waits for the current stream."""
        sums = []
        for layer in self.layers:
            for group in layer.groups.values():
                sums += [checksum(group.a[slot]), checksum(group.b[slot])]
        return int(torch.stack(sums).sum())


def _on_device(view: Tensor, blob: Tensor, device_blob: Tensor) -> Tensor:
    """The same view, into the blob's copy; the blob itself may lie within a larger block."""
    if device_blob is blob:
        return view
    start = view.storage_offset() - blob.storage_offset()
    return device_blob.as_strided(view.size(), view.stride(), device_blob.storage_offset() + start)
