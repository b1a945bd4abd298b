"""What is kept in slot layout is what was read from PEFT's files, or is not used."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from motet_inference.adapters import slot_loader
from motet_inference.adapters.blob import AdapterWeights, plain_room
from motet_inference.adapters.slot_file import SlotFile
from motet_inference.adapters.slots import AdapterSlots
from motet_inference.adapters.weights import load_adapter
from motet_inference.engine.messages import AdapterRef
from motet_inference.models.config import ModelConfig
from motet_inference.ranks.shard import Shard

pytestmark = pytest.mark.timeout(60)
DTYPE = torch.bfloat16


def load(folder: Path, base: ModelConfig) -> AdapterWeights:
    return load_adapter(folder, base, max_rank=16, dtype=DTYPE)


def read(folder: Path, base: ModelConfig, **changes: Any) -> AdapterWeights | None:
    file = SlotFile(base, changes.pop("dtype", DTYPE))
    return file.read(folder, **{"max_rank": 16, "room": plain_room, **changes})


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("*slot-*"))


@pytest.fixture
def folder(make_adapter: Any, base: ModelConfig) -> Path:
    """With its weights kept."""
    made: Path = make_adapter(r=8, target_modules=["q_proj", "o_proj", "up_proj"])[0]
    SlotFile(base, DTYPE).write(made, load(made, base))
    assert len(kept(made)) == 1
    return made


def test_it_gives_back_what_was_kept(folder: Path, base: ModelConfig) -> None:
    expected, actual = load(folder, base), read(folder, base)
    assert actual is not None
    assert (actual.rank, actual.checksum) == (expected.rank, expected.checksum)
    assert torch.equal(actual.blob, expected.blob)
    for ours, theirs in zip(actual.groups, expected.groups, strict=True):
        assert ours.keys() == theirs.keys()
        for group in ours:
            assert all(torch.equal(a, b) for a, b in zip(ours[group], theirs[group], strict=True))


def test_another_dtype_or_share_has_a_file_of_its_own(folder: Path, base: ModelConfig) -> None:
    assert read(folder, base, dtype=torch.float32) is None
    assert read(folder, replace(base, shard=Shard(1, 2))) is None
    assert read(folder, base, max_rank=4) is None
    assert read(folder, base) is not None


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-2],
        lambda data: data + b"\0",
        lambda data: data[:5000] + bytes([data[5000] ^ 4]) + data[5001:],
        lambda data: b"{" + data[1:20],
        lambda data: b"no header".ljust(4096, b"\0") + data[4096:],
        lambda data: data.replace(b'"qkv"', b'"qqq"', 1),
        lambda data: b"",
    ],
)
def test_a_broken_one_is_removed(
    folder: Path, base: ModelConfig, damage: Callable[[bytes], bytes]
) -> None:
    (file,) = kept(folder)
    file.write_bytes(damage(file.read_bytes()))
    assert read(folder, base) is None
    assert kept(folder) == []


def test_a_disk_that_will_not_have_it_does_no_harm(
    folder: Path, base: ModelConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(folder)[0].unlink()

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    SlotFile(base, DTYPE).write(folder, load(folder, base))
    assert kept(folder) == []


def test_slots_keep_what_they_read_and_read_what_they_kept(
    make_adapter: Any, base: ModelConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_adapter(r=8, target_modules=["q_proj", "down_proj"])[0]
    ref = AdapterRef(digest="a" * 64, path=str(made), rank=8)
    states = []
    for _ in range(2):
        slots = AdapterSlots(
            base,
            num_slots=1,
            max_rank=16,
            dtype=DTYPE,
            device="cpu",
            host_bytes=1 << 20,
            keep=True,
        )
        slots.warm(ref)
        entered: list[str] = []
        pause = threading.Event()
        while not (entered and kept(made)):
            entered += slots.poll()[0]
            pause.wait(0.01)
        group = slots.weights.layers[0].qkv
        states.append((group.a.clone(), group.b.clone()))
        slots.close()
        monkeypatch.setattr(slot_loader, "load_adapter", None)  # the second time there is no need
    assert torch.equal(states[0][0], states[1][0])
    assert torch.equal(states[0][1], states[1][1])
    assert states[0][0].any()


def test_without_leave_nothing_is_written_beside_an_adapter(
    make_adapter: Any, base: ModelConfig
) -> None:
    made = make_adapter(r=2, target_modules=["q_proj"])[0]
    slots = AdapterSlots(
        base, num_slots=1, max_rank=16, dtype=DTYPE, device="cpu", host_bytes=1 << 20
    )
    slots.warm(AdapterRef(digest="a" * 64, path=str(made), rank=2))
    pause = threading.Event()
    while not slots.poll()[0]:
        pause.wait(0.01)
    slots.close()
    assert kept(made) == []
