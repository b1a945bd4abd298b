"""The shipped base on two ranks, beside the same on one: scores, samples, adapters, faults."""

import json
import os
import signal
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from motet_inference.adapters.errors import AdapterError
from motet_inference.adapters.slots import AdapterSlots
from motet_inference.engine.config import EngineConfig
from motet_inference.engine.engine import Engine
from motet_inference.engine.messages import AdapterRef
from motet_inference.engine.rows import Row
from motet_inference.engine.runner import Runner
from motet_inference.engine.testing import add, drive
from motet_inference.models.llama import CausalLM
from motet_inference.models.loader import load_model
from motet_inference.ranks import orders
from motet_inference.ranks.collectives import least
from motet_inference.ranks.leader import Followers
from motet_inference.ranks.shard import ALONE
from motet_inference.tiny import ADAPTERS, BASE
from safetensors.torch import load_file, save_file

pytestmark = pytest.mark.timeout(120)
SIZES = EngineConfig(num_blocks=64, max_context=128, max_batch=8, token_budget=32)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def share(followers: Followers | None) -> CausalLM:
    if followers is not None:
        followers.tell(orders.Model(folder=str(BASE), dtype="float32", fp8=False))
    shard = followers.shard if followers else ALONE
    return load_model(BASE, dtype=torch.float32, device="cpu", shard=shard)


def slots_of(model: CausalLM, followers: Followers | None, num_slots: int = 3) -> AdapterSlots:
    return AdapterSlots(
        model.config, num_slots=num_slots, max_rank=64, dtype=torch.float32, device="cpu",
        host_bytes=1 << 26, followers=followers,
    )  # fmt: skip


@pytest.fixture
def both(ranks: Callable[..., Followers]) -> Iterator[list[tuple[Followers | None, AdapterSlots]]]:
    """One rank and two, with the shipped adapters' slots."""
    made = []
    for followers in (None, ranks(2)):
        made.append((followers, slots_of(share(followers), followers)))
    yield made
    for _, slots in made:
        slots.close()


def ref_of(folder: Path, digest: str) -> AdapterRef:
    rank = json.loads((folder / "adapter_config.json").read_text())["r"]
    return AdapterRef(digest=digest, path=str(folder), rank=rank)


REFS = {name: ref_of(folder, name) for name, folder in ADAPTERS.items()}


def acquire(slots: AdapterSlots, ref: AdapterRef) -> int:
    deadline = time.monotonic() + 30
    while (slot := slots.acquire(ref)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    return slot


def test_logits_are_those_of_one_rank(both: Any) -> None:
    """The whole vocabulary, of rows with every adapter and with none, prefill and decode."""
    found = []
    for followers, slots in both:
        placed = [-1, *(acquire(slots, ref) for ref in REFS.values())]
        tell = followers.tell if followers else None
        runner = Runner.build(*prepared(followers, lora=True), slots.weights, tell=tell)
        rows = [
            Row(
                [7 + i, 300, 11 * i, 2000],
                start=0,
                blocks=array("i", [i]).tobytes(),
                slot=slot,
                samples=True,
            )
            for i, slot in enumerate(placed)
        ]
        following = [
            Row([500 + i], start=4, blocks=array("i", [i]).tobytes(), slot=slot, samples=True)
            for i, slot in enumerate(placed)
        ]
        for step in (rows, following):
            if runner.tell is not None:
                runner.tell(orders.Mixed(rows=step))
            found.append(runner.forward(step))
    assert found[0].shape == (4, 3072)
    for one, two in zip(found[:2], found[2:], strict=True):
        torch.testing.assert_close(two, one, rtol=0, atol=1e-4)


def prepared(followers: Followers | None, *, lora: bool) -> tuple[CausalLM, EngineConfig]:
    model = share(followers)
    if followers is not None:
        followers.tell(orders.Sizes(engine=SIZES, lora=lora))
    return model, SIZES


OPTIONS: list[dict[str, Any]] = [
    {"temperature": 0.8, "seed": 1},
    {"temperature": 1.1, "seed": 2, "top_p": 0.8, "top_k": 40},
    {},
    {"temperature": 0.9, "seed": 3, "logit_bias": {5: 4.0}},
    {"temperature": 0.7, "seed": 4, "presence_penalty": 0.5, "repetition_penalty": 1.2},
]


@pytest.mark.parametrize("several", [OPTIONS[:4], OPTIONS[4:]], ids=["overlapped", "not"])
def test_samples_are_those_of_one_rank(several: list[dict[str, Any]], both: Any) -> None:
    """Steps launched behind one another carry rank 0's tokens to the other rank."""
    voices = [None, *REFS.values()]
    found = []
    for followers, slots in both:
        sizes = EngineConfig(
            num_blocks=64, max_context=128, max_batch=8, token_budget=32, fixed_decode=True
        )
        engine = Engine(share(followers), sizes, slots, tell=followers.tell if followers else None)
        messages = [
            add(f"r{i}", [3 + i, 40, 500], adapter=voices[i], options=options | {"max_tokens": 40})
            for i, options in enumerate(several)
        ]
        record = drive(engine, messages)
        found.append([record[f"r{i}"].tokens[0] for i in range(len(several))])
    assert found[0] == found[1]
    assert all(len(tokens) == 40 for tokens in found[0])


def test_what_only_another_rank_can_see_is_refused(
    ranks: Callable[..., Followers], tmp_path: Path
) -> None:
    """A NaN in the part of an adapter that is not rank 0's, and then that adapter mended."""
    source = ADAPTERS["pirate"]
    (tmp_path / "adapter_config.json").write_bytes((source / "adapter_config.json").read_bytes())
    tensors = load_file(source / "adapter_model.safetensors")
    name = next(name for name in tensors if "lora_B" in name and "q_proj" in name)
    tensors[name][-1, 0] = float("nan")
    save_file(tensors, tmp_path / "adapter_model.safetensors")
    followers = ranks(2)
    slots = slots_of(share(followers), followers, num_slots=1)
    with pytest.raises(AdapterError, match="NaN") as caught:
        acquire(slots, ref_of(tmp_path, "broken"))
    assert caught.value.code == "adapter_incompatible"
    tensors[name][-1, 0] = 0.0
    save_file(tensors, tmp_path / "adapter_model.safetensors")
    assert acquire(slots, ref_of(tmp_path, "mended")) == 0
    slots.close()


def test_the_least_of_all_ranks(ranks: Callable[..., Followers]) -> None:
    followers = ranks(2)
    followers.tell(orders.Room())
    assert least(5, followers.shard, torch.device("cpu")) == 5


def test_too_few_devices_are_said() -> None:
    there = torch.cuda.device_count()
    with pytest.raises(ValueError, match="CUDA device"):
        Followers(there + 2, "cuda")


def test_a_lost_rank_is_told_by_its_number(
    ranks: Callable[..., Followers], capsys: pytest.CaptureFixture[str]
) -> None:
    followers = ranks(2)
    share(followers)
    (pid,) = followers.pids
    os.kill(pid, signal.SIGKILL)
    assert followers.lost(timeout=30)
    assert capsys.readouterr().out == f"rank 1 (process {pid}) ended with -9\n"
    assert [answer.code for answer in followers.answers()] == ["adapter_unavailable"]


def test_a_rank_that_cannot_load_its_share_ends(
    ranks: Callable[..., Followers], tmp_path: Path
) -> None:
    followers = ranks(2)
    followers.tell(orders.Model(folder=str(tmp_path), dtype="float32", fp8=False))
    assert followers.lost(timeout=30)


def test_a_second_set_of_ranks_is_refused_and_leaves_nobody(
    ranks: Callable[..., Followers],
) -> None:
    ranks(2)
    before = children()
    with pytest.raises(ValueError, match="twice"):
        Followers(2, "cpu", on_loss=print)
    assert children() == before


def children() -> set[str]:
    pid = os.getpid()
    return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
