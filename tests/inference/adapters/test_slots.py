"""Adapters get into slots beside the steps, whole, and stay while they are used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from motet_inference.adapters import host_cache, slot_loader
from motet_inference.adapters import slots as slots_module
from motet_inference.adapters.blob import AdapterWeights
from motet_inference.adapters.errors import AdapterError
from motet_inference.adapters.host_cache import HostCache
from motet_inference.adapters.slot_tensors import LoraWeights
from motet_inference.adapters.slots import AdapterSlots
from motet_inference.adapters.weights import load_adapter
from motet_inference.engine.messages import AdapterRef
from motet_inference.models.config import ModelConfig

pytestmark = pytest.mark.timeout(60)
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
MAX_RANK = 16
CUDA = torch.device("cuda")


@pytest.fixture
def make_slots(base: ModelConfig) -> Iterator[Callable[..., AdapterSlots]]:
    made: list[AdapterSlots] = []

    def make(num_slots: int, host_bytes: int = 1 << 30, device: str = "cpu") -> AdapterSlots:
        made.append(
            AdapterSlots(
                base,
                num_slots=num_slots,
                max_rank=MAX_RANK,
                dtype=torch.float32,
                device=device,
                host_bytes=host_bytes,
            )
        )
        return made[-1]

    yield make
    for slots in made:
        slots.close()
        slots.check_integrity()


@pytest.fixture
def refs(make_adapter: Any) -> list[AdapterRef]:
    """Four adapters of falling rank and different targets."""
    out = []
    for i, (rank, targets) in enumerate(
        [(16, ALL), (8, ["q_proj", "o_proj"]), (4, ["down_proj"]), (2, ALL)]
    ):
        folder, _ = make_adapter(seed=i, r=rank, target_modules=targets)
        out.append(AdapterRef(digest=str(i) * 64, path=str(folder), rank=rank))
    return out


def acquire(slots: AdapterSlots, ref: AdapterRef) -> int:
    """Ask until it is there, as an engine does each step."""
    pause = threading.Event()
    for _ in range(3000):
        if (slot := slots.acquire(ref)) is not None:
            return slot
        pause.wait(0.01)
    raise AssertionError("the adapter never came")


def slot_state(slots: AdapterSlots, slot: int) -> list[torch.Tensor]:
    out = [slots.weights.ranks[slot].cpu()]
    for layer in slots.weights.layers:
        for group in (layer.qkv, layer.o, layer.gate_up, layer.down):
            out += [group.a[slot].cpu(), group.b[slot].cpu()]
    return out


def expected_state(ref: AdapterRef, base: ModelConfig) -> list[torch.Tensor]:
    """The slot as it must be, built from the file without the code under test."""
    weights = load_adapter(Path(ref.path), base, max_rank=MAX_RANK, dtype=torch.float32)
    out = [torch.tensor(weights.rank, dtype=torch.int32)]
    inner, q, kv = base.intermediate_size, base.q_size, base.kv_size
    sizes = {
        "qkv": (3, base.hidden_size, q + 2 * kv),
        "o": (1, q, base.hidden_size),
        "gate_up": (2, base.hidden_size, 2 * inner),
        "down": (1, inner, base.hidden_size),
    }
    for groups in weights.groups:
        for name, (n, width, height) in sizes.items():
            a, b = torch.zeros(n * MAX_RANK, width), torch.zeros(height, MAX_RANK)
            if name in groups:
                for j in range(n):
                    rows = groups[name][0][j * weights.rank : (j + 1) * weights.rank]
                    a[j * MAX_RANK : j * MAX_RANK + weights.rank] = rows
                b[:, : weights.rank] = groups[name][1]
            out += [a, b]
    return out


def same(one: list[torch.Tensor], two: list[torch.Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(one, two, strict=True))


def test_it_works(make_slots: Any, refs: list[AdapterRef], base: ModelConfig) -> None:
    slots = make_slots(4)
    taken = [acquire(slots, ref) for ref in refs]
    assert sorted(taken) == [0, 1, 2, 3]
    for slot, ref in zip(taken, refs, strict=True):
        assert same(slot_state(slots, slot), expected_state(ref, base))
        assert slots.weights.ranks_host[slot] == ref.rank
    assert sorted(slots.poll()[0]) == [r.digest for r in refs]
    assert slots.poll() == ([], [])


def test_one_adapter_has_one_slot_however_many_use_it(
    make_slots: Any, refs: list[AdapterRef]
) -> None:
    slots = make_slots(2)
    first = acquire(slots, refs[0])
    assert slots.acquire(refs[0]) == first


@pytest.mark.parametrize("order", [[0, 3], [0, 2], [3, 0], [1, 2, 3, 0, 1]])
def test_a_reused_slot_is_as_if_new(
    order: list[int], make_slots: Any, refs: list[AdapterRef], base: ModelConfig
) -> None:
    slots = make_slots(1)
    for i in order:
        slot = acquire(slots, refs[i])
        assert same(slot_state(slots, slot), expected_state(refs[i], base))
        slots.release(slot)


def test_while_all_are_pinned_one_waits_and_then_gets_its_turn(
    make_slots: Any, refs: list[AdapterRef]
) -> None:
    slots = make_slots(1)
    slot = acquire(slots, refs[0])
    for _ in range(20):
        assert slots.acquire(refs[1]) is None
        assert slots.acquire(refs[0]) == slot
        slots.release(slot)
    slots.release(slot)
    assert acquire(slots, refs[1]) == slot
    slots.poll()
    assert slots.tiers() == ([refs[1].digest], [refs[0].digest])


def test_acquire_never_waits_for_the_disk(
    make_slots: Any, refs: list[AdapterRef], monkeypatch: Any
) -> None:
    gate, real = threading.Event(), load_adapter

    def slow(*args: Any, **kwargs: Any) -> Any:
        gate.wait(30)
        return real(*args, **kwargs)

    slots = make_slots(2)
    held = acquire(slots, refs[0])
    monkeypatch.setattr(slot_loader, "load_adapter", slow)
    # Were any of these to wait for the loader, the gate would never be opened.
    for _ in range(50):
        assert slots.acquire(refs[1]) is None
        assert slots.acquire(refs[0]) == held
        slots.release(held)
    gate.set()
    assert acquire(slots, refs[1]) != held


def test_warm_brings_it_in_without_a_request(make_slots: Any, refs: list[AdapterRef]) -> None:
    slots = make_slots(1)
    slots.warm(refs[0])
    pause = threading.Event()
    for _ in range(1000):
        if slots.tiers()[0]:
            break
        pause.wait(0.01)
    assert slots.acquire(refs[0]) == 0


def test_a_bad_adapter_fails_for_all_who_wait_and_harms_no_other(
    make_slots: Any, refs: list[AdapterRef], tmp_path: Path
) -> None:
    slots = make_slots(1)
    bad = AdapterRef(digest="b" * 64, path=str(tmp_path / "nowhere"), rank=4)
    with pytest.raises(AdapterError) as caught:
        acquire(slots, bad)
    assert caught.value.code == "adapter_unavailable"
    with pytest.raises(AdapterError):
        slots.acquire(bad)
    acquire(slots, refs[0])


def test_a_failure_is_forgotten_after_a_while(
    make_adapter: Any, base: ModelConfig, tmp_path: Path
) -> None:
    now = 0.0
    slots = AdapterSlots(
        base, num_slots=1, max_rank=8, dtype=torch.float32, device="cpu", host_bytes=1,
        clock=lambda: now,
    )  # fmt: skip
    try:
        ref = AdapterRef(digest="b" * 64, path=str(tmp_path / "later"), rank=4)
        with pytest.raises(AdapterError):
            acquire(slots, ref)
        folder, _ = make_adapter(r=4, target_modules=["q_proj"])
        folder.rename(tmp_path / "later")
        slots.prefetch(ref)  # is not worth a try yet, for what the request will be told
        with pytest.raises(AdapterError):
            slots.acquire(ref)
        assert slots.tiers() == ([], [])
        now = 6.0
        assert acquire(slots, ref) == 0
    finally:
        slots.close()


def test_rank_above_the_slots_is_refused(make_slots: Any, make_adapter: Any) -> None:
    folder, _ = make_adapter(r=MAX_RANK + 1, target_modules=["q_proj"])
    slots = make_slots(1)
    with pytest.raises(AdapterError, match="rank 17"):
        acquire(slots, AdapterRef(digest="b" * 64, path=str(folder), rank=17))


@pytest.mark.parametrize("host_bytes", [1, 1 << 30])
def test_many_more_adapters_than_slots(
    host_bytes: int, make_slots: Any, refs: list[AdapterRef], base: ModelConfig
) -> None:
    slots = make_slots(2, host_bytes=host_bytes)
    expected = [expected_state(ref, base) for ref in refs]
    for i in [0, 1, 2, 3, 1, 0, 3, 2, 2, 0, 1, 3]:
        slot = acquire(slots, refs[i])
        assert same(slot_state(slots, slot), expected[i])
        slots.release(slot)
        slots.check_integrity()


def test_the_host_cache_saves_the_disk(
    make_slots: Any, refs: list[AdapterRef], monkeypatch: Any
) -> None:
    reads: list[str] = []
    real = load_adapter

    def counted(folder: Path, *args: Any, **kwargs: Any) -> Any:
        reads.append(str(folder))
        return real(folder, *args, **kwargs)

    monkeypatch.setattr(slot_loader, "load_adapter", counted)
    slots = make_slots(1)
    for i in [0, 1, 0, 1, 0]:
        slots.release(acquire(slots, refs[i]))
    assert sorted(reads) == sorted(refs[i].path for i in (0, 1))


def test_what_is_prefetched_evicts_nobody(
    make_slots: Any, refs: list[AdapterRef], monkeypatch: Any
) -> None:
    slots = make_slots(2)
    slots.release(acquire(slots, refs[0]))
    slots.prefetch(refs[1])  # a slot is free
    until(lambda: refs[1].digest in slots.tiers()[0])
    for ref in (refs[2], refs[2], refs[0]):
        slots.prefetch(ref)
    until(lambda: slots.tiers() == ([refs[0].digest, refs[1].digest], [refs[2].digest]))
    monkeypatch.setattr(slot_loader, "load_adapter", None)  # the disk has done its part
    slots.release(acquire(slots, refs[2]))


def test_it_says_what_is_loading(make_slots: Any, refs: list[AdapterRef]) -> None:
    slots = make_slots(1)
    assert not slots.is_loading(refs[0])
    acquire(slots, refs[0])
    assert not slots.is_loading(refs[0])
    assert slots.acquire(refs[1]) is None
    assert slots.is_loading(refs[1])  # as long as the only slot is in use
    slots.warm(refs[2])
    assert not slots.is_loading(refs[2])  # no request awaits it
    slots.close()
    assert not slots.is_loading(refs[1])


def until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(3000):
        if holds():
            return
        pause.wait(0.01)
    raise AssertionError("it never came about")


def test_a_slot_that_was_overwritten_is_found(make_slots: Any, refs: list[AdapterRef]) -> None:
    slots = make_slots(2)
    for ref in refs[:2]:
        slots.release(acquire(slots, ref))
    for _ in range(4):
        slots.check_integrity()
    group = slots.weights.layers[1].down
    keep = group.b[1, 3, -1].clone()
    group.b[1, 3, -1] = 1.0  # beyond the rank: no result shows it, yet it is not the adapter's
    with pytest.raises(RuntimeError, match="slot 1"):
        for _ in range(2):
            slots.check_integrity()
    group.b[1, 3, -1] = keep


def test_a_write_that_goes_wrong_is_not_served(
    make_slots: Any, refs: list[AdapterRef], monkeypatch: Any
) -> None:
    slots = make_slots(1)
    real = type(slots.weights).write

    def spoilt(self: Any, slot: int, *args: Any, **kwargs: Any) -> None:
        real(self, slot, *args, **kwargs)
        self.layers[0].qkv.a[slot, 0, 0] += 1

    monkeypatch.setattr(type(slots.weights), "write", spoilt)
    with pytest.raises(AdapterError, match="could not be loaded"):
        acquire(slots, refs[0])


def test_a_dead_loader_is_no_endless_wait(make_slots: Any, refs: list[AdapterRef]) -> None:
    slots = make_slots(1)
    slots.close()
    with pytest.raises(RuntimeError, match="loader has ended"):
        slots.acquire(refs[0])


@pytest.mark.parametrize("host_bytes", [200_000, 1 << 20])
def test_slots_hold_the_same_through_one_block_of_host_memory_and_a_copy(
    host_bytes: int,
    make_slots: Any,
    refs: list[AdapterRef],
    base: ModelConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The way to a CUDA device, with ordinary memory in both places."""
    monkeypatch.setattr(host_cache, "_page_locked", lambda size, _: torch.empty(size).byte())
    monkeypatch.setattr(slots_module, "HostCache", lambda limit, _: HostCache(limit, CUDA))
    real = LoraWeights.write

    def copied(self: LoraWeights, slot: int, weights: AdapterWeights, **_: Any) -> None:
        real(self, slot, weights, device_blob=weights.blob.clone())

    monkeypatch.setattr(LoraWeights, "write", copied)
    slots = make_slots(2, host_bytes=host_bytes)
    expected = [expected_state(ref, base) for ref in refs]
    for i in [0, 1, 2, 3, 1, 0, 3, 2, 2, 0, 1, 3]:
        slot = acquire(slots, refs[i])
        assert same(slot_state(slots, slot), expected[i])
        slots.release(slot)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_cuda_device_slots_hold_the_same(
    make_slots: Any, refs: list[AdapterRef], base: ModelConfig
) -> None:
    slots = make_slots(2, device="cuda")
    for i in [0, 1, 2, 3, 1, 0, 3, 2]:
        slot = acquire(slots, refs[i])
        assert same(slot_state(slots, slot), expected_state(refs[i], base))
        slots.release(slot)
