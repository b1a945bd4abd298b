"""Adapter slots whose adapters need no files."""

import zlib
from collections import Counter
from dataclasses import dataclass

import torch
from torch import Tensor

from motet_inference.adapters.errors import AdapterError
from motet_inference.engine.messages import AdapterRef
from motet_inference.models.config import ModelConfig


@dataclass(frozen=True)
class SmallGroup:
    a: Tensor
    b: Tensor
    slices: tuple[int, ...]


@dataclass(frozen=True)
class SmallLayer:
    qkv: SmallGroup
    o: SmallGroup
    gate_up: SmallGroup
    down: SmallGroup


@dataclass(frozen=True)
class SmallWeights:
    layers: list[SmallLayer]
    ranks: Tensor
    ranks_host: list[int]


class SmallSlots:
    """Adapters drawn from their digests: a stand-in for the files, with the manners of the slots.

    A digest that begins with `bad` raises; an adapter needs `load_steps` calls to load.
    """

    def __init__(
        self, config: ModelConfig, *, num_slots: int, max_rank: int = 8, load_steps: int = 0
    ) -> None:
        widths = {n: config.projections[n] for n in config.projections}
        groups = {
            "qkv": ("q_proj", "k_proj", "v_proj"),
            "o": ("o_proj",),
            "gate_up": ("gate_proj", "up_proj"),
            "down": ("down_proj",),
        }

        def group(names: tuple[str, ...]) -> SmallGroup:
            slices = tuple(widths[name][1] for name in names)
            a = torch.zeros(num_slots, len(names) * max_rank, widths[names[0]][0])
            return SmallGroup(a, torch.zeros(num_slots, sum(slices), max_rank), slices)

        self._layers = [
            SmallLayer(**{key: group(names) for key, names in groups.items()})
            for _ in range(config.num_layers)
        ]
        self.weights = SmallWeights(
            self._layers, torch.zeros(num_slots, dtype=torch.int32), [0] * num_slots
        )
        self.pins: Counter[int] = Counter()
        self.prefetched: list[str] = []
        self._resident: dict[str, int] = {}
        self._loading: dict[str, int] = {}
        self._load_steps = load_steps
        self._news: tuple[list[str], list[str]] = ([], [])

    def acquire(self, ref: AdapterRef) -> int | None:
        if ref.digest.startswith("bad"):
            raise AdapterError("adapter_incompatible", "This adapter is bad.")
        slot = self._resident.get(ref.digest)
        if slot is None:
            slot = self._load(ref)
        if slot is not None:
            self.pins[slot] += 1
        return slot

    def is_loading(self, ref: AdapterRef) -> bool:
        waited = self._loading.get(ref.digest)
        if waited is None or ref.digest in self._resident:
            return False
        self._loading[ref.digest] = waited + 1
        return waited + 1 < self._load_steps

    def release(self, slot: int) -> None:
        assert self.pins[slot] > 0, f"slot {slot} released twice"
        self.pins[slot] -= 1

    def prefetch(self, ref: AdapterRef) -> None:
        self.prefetched.append(ref.digest)

    def warm(self, ref: AdapterRef) -> None:
        self._load(ref)

    def poll(self) -> tuple[list[str], list[str]]:
        news, self._news = self._news, ([], [])
        return news

    def close(self) -> None:
        assert not +self.pins, f"still pinned: {+self.pins}"

    def _load(self, ref: AdapterRef) -> int | None:
        waited = self._loading.get(ref.digest, 0)
        if waited < self._load_steps:
            self._loading[ref.digest] = waited + 1
            return None
        free = set(range(len(self.weights.ranks_host))) - set(self._resident.values())
        if not free:
            idle = [d for d, slot in self._resident.items() if not self.pins[slot]]
            if not idle:
                return None
            free = {self._resident.pop(idle[0])}
            self._news[1].append(idle[0])
        slot = min(free)
        self._fill(slot, ref)
        self._resident[ref.digest] = slot
        self._news[0].append(ref.digest)
        return slot

    def _fill(self, slot: int, ref: AdapterRef) -> None:
        generator = torch.Generator().manual_seed(zlib.crc32(ref.digest.encode()))
        self.weights.ranks_host[slot] = ref.rank
        self.weights.ranks[slot] = ref.rank
        for layer in self._layers:
            for group in (layer.qkv, layer.o, layer.gate_up, layer.down):
                for tensor in (group.a[slot], group.b[slot]):
                    tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.15)


def adapter(name: str, *, rank: int = 4) -> AdapterRef:
    """A reference for `SmallSlots`."""
    return AdapterRef(digest=name, path="/nowhere", rank=rank)
