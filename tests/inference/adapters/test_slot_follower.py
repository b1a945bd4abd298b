"""Another rank's slots: rank 0's orders in their order, each `Place` answered."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from motet_inference.adapters import slot_follower
from motet_inference.adapters.slot_follower import SlotFollower
from motet_inference.engine.messages import AdapterRef
from motet_inference.models.config import ModelConfig
from motet_inference.ranks.orders import Check, Place, Placed, Read
from motet_inference.ranks.shard import Shard
from safetensors.torch import load_file

pytestmark = pytest.mark.timeout(60)
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


class Rank:
    """Rank 1 of 2, and what it answered."""

    def __init__(self, base: ModelConfig) -> None:
        self.answers: queue.SimpleQueue[Placed] = queue.SimpleQueue()
        self.slots = SlotFollower(
            replace(base, shard=Shard(1, 2)), num_slots=2, max_rank=8, dtype=torch.float32,
            device=torch.device("cpu"), host_bytes=1 << 20, keep=False, answer=self.answers.put,
        )  # fmt: skip

    def place(self, ref: AdapterRef, slot: int) -> Placed:
        self.slots.put(Place(adapter=ref, slot=slot))
        return self.answers.get(timeout=30)


@pytest.fixture
def rank(base: ModelConfig) -> Iterator[Rank]:
    made = Rank(base)
    yield made
    made.slots.close()


@pytest.fixture
def ref(make_adapter: Callable[..., Any]) -> AdapterRef:
    folder, _ = make_adapter(r=4, lora_alpha=8, target_modules=ALL)
    return AdapterRef(digest="a" * 64, path=str(folder), rank=4)


def test_a_slot_holds_the_ranks_part(rank: Rank, ref: AdapterRef) -> None:
    rank.slots.put(Read(adapter=ref))
    assert rank.place(ref, 1) == Placed()
    tensors = load_file(Path(ref.path) / "adapter_model.safetensors")

    def stored(module: str, ab: str) -> torch.Tensor:
        return tensors[f"base_model.model.model.layers.1.{module}.lora_{ab}.weight"]

    layer = rank.slots.weights.layers[1]
    # Heads 2 and 3 of four, key-value head 1 of two: 16 wide; B carries the scale of 8 / 4.
    assert torch.equal(layer.qkv.a[1, :4], stored("self_attn.q_proj", "A"))
    assert torch.equal(layer.qkv.b[1, :32, :4], 2 * stored("self_attn.q_proj", "B")[32:])
    assert torch.equal(layer.qkv.b[1, 32:48, :4], 2 * stored("self_attn.k_proj", "B")[16:])
    assert torch.equal(layer.o.a[1, :4], stored("self_attn.o_proj", "A")[:, 32:])
    assert torch.equal(layer.o.b[1, :, :4], 2 * stored("self_attn.o_proj", "B"))
    assert layer.down is not None
    assert torch.equal(layer.down.a[1, :4], stored("mlp.down_proj", "A")[:, 24:])
    assert torch.equal(layer.down.b[1, :, :4], 2 * stored("mlp.down_proj", "B"))


def test_what_cannot_be_placed_is_said(rank: Rank, ref: AdapterRef, tmp_path: Path) -> None:
    absent = AdapterRef(digest="b" * 64, path=str(tmp_path / "nowhere"), rank=4)
    rank.slots.put(Read(adapter=absent))
    assert rank.place(absent, 0).code == "adapter_unavailable"
    assert rank.place(ref, 0) == Placed()


def test_a_slot_in_doubt_ends_the_rank(
    rank: Rank, ref: AdapterRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: queue.SimpleQueue[int] = queue.SimpleQueue()
    monkeypatch.setattr(slot_follower.os, "_exit", ends.put)
    assert rank.place(ref, 0) == Placed()
    rank.slots.put(Check(slot=0))
    rank.place(ref, 1)
    assert ends.empty()
    rank.slots.weights.layers[0].o.b[0, 0, 0] += 1
    rank.slots.put(Check(slot=0))
    assert ends.get(timeout=30) == 1
