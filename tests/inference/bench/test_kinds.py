"""Each kind of case, on a base of two small layers: what it counts adds up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from motet_inference.adapters.store import AdapterStore
from motet_inference.adapters.weights import load_adapter
from motet_inference.bench import cold
from motet_inference.bench.cases import ALL, ATTENTION
from motet_inference.bench.clock import Deadline
from motet_inference.bench.library import make_library
from motet_inference.engine.messages import AdapterRef
from motet_inference.models.config import ModelConfig
from safetensors import safe_open
from torch import float32

pytestmark = pytest.mark.timeout(120)
Run = Callable[..., dict[str, Any]]
SIZES = {"prompt_tokens": 6, "output_tokens": 5, "rank": 4}
TRAFFIC = {"kind": "traffic", "streams": 3, "requests": 40, **SIZES}
COLD = {"kind": "cold", "streams": 2, "adapters": 2, "prompt_tokens": 6, "rank": 4}


def test_traffic_over_more_adapters_than_slots(run: Run) -> None:
    many = {**TRAFFIC, "name": "many", "adapters": 30, "slots": 4, "weight_files": 2}
    few = {**TRAFFIC, "name": "few", "adapters": 4, "slots": 4}
    over, under = run([many, few])["results"]
    for result in (over, under):
        assert result["gpu"] + result["host"] + result["disk"] == pytest.approx(1)
        assert result["requests"] >= 40 and result["tokens_per_second"] > 0
        assert 0 < result["running"] <= 3
    assert over["distinct"] > 4 and over["loads"] > 0 and over["evictions"] > 0
    assert over["gpu"] < 1 and over["loads"] - over["evictions"] in (0, 1)
    assert (under["gpu"], under["loads"], under["evictions"]) == (1, 0, 0)


def test_a_small_host_cache_sends_traffic_to_the_disk(run: Run) -> None:
    many = {**TRAFFIC, "adapters": 30, "slots": 4, "weight_files": 2}
    # Of rank 4 on attention, an adapter of this base takes 3.6 KiB: a megabyte holds them all.
    large = run([{**many, "host_cache_mb": 1, "requests": 120}])["results"][0]
    assert large["host"] > 0


def test_popularity_follows_the_exponent(run: Run) -> None:
    fields = {**TRAFFIC, "adapters": 50, "slots": 50, "requests": 120, "weight_files": 1}
    even, steep = run([{**fields, "exponent": 0, "name": "even"}, {**fields, "exponent": 3}])[
        "results"
    ]
    assert even["distinct"] > 2 * steep["distinct"]


def test_an_adapter_from_disk(run: Run) -> None:
    result = run([{**COLD, "loads": 4, "output_tokens": 400}])["results"][0]
    assert result["loads"] == 4
    assert result["added_ms"] - result["disk_ms"] == pytest.approx(result["beyond_disk_ms"])
    assert result["moved"] == pytest.approx(
        result["step_ms_99_loading"] / result["step_ms_99_before"]
    )
    assert result["disk_ms"] > 0 and result["resident_ms"] > 0 and result["loading_steps"] > 0
    assert result["copy_ms"] == 0 and result["floors"]["beyond_disk_ms"] == 0


def test_cold_loads_end_with_the_others_output(run: Run) -> None:
    result = run([{**COLD, "loads": 10_000, "output_tokens": 120}])["results"][0]
    assert 0 < result["loads"] < 100


def test_every_probe_is_cold(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each load reads the files anew: the slots' loader is asked as often as there are loads."""
    from motet_inference.adapters.slot_loader import SlotLoader

    read = []
    loading = SlotLoader.read

    def counting(self: SlotLoader, ref: AdapterRef, room: Any) -> Any:
        read.append(Path(ref.path))
        return loading(self, ref, room)

    monkeypatch.setattr(SlotLoader, "read", counting)
    monkeypatch.setattr(cold, "_drop", lambda ref: read.append(Path(ref.path)))
    result = run([{**COLD, "loads": 5, "output_tokens": 600}])["results"][0]
    probes = read[-10:]  # each dropped, then read
    assert result["loads"] == 5
    assert probes[0::2] == probes[1::2]


def test_peft_beside_the_engine(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("peft")
    small = {"prompt_tokens": 6, "rank": 4}
    out = run(
        [
            {"kind": "peft", "requests": 3, "adapters": 3, "output_tokens": 4, **small},
            {"kind": "peft", "requests": 1, "adapters": 1, "output_tokens": 4, **small},
            {"kind": "peft", "requests": 2, "output_tokens": 4, **small},
            {"requests": 3, "adapters": 3, "output_tokens": 4, **small},
        ]
    )
    assert [r["case"]["kind"] for r in out["results"]] == ["batch", "peft", "peft", "peft"]
    assert [r["case"]["requests"] for r in out["results"]] == [3, 2, 3, 1]
    assert all(r["step_ms"] > 0 and r["runs"] == 2 for r in out["results"])
    assert out["results"][2]["floor_ms"] == out["results"][0]["floor_ms"]
    shown = capsys.readouterr().out
    assert "Beside transformers and PEFT" in shown


@pytest.fixture
def config(small_base: dict[str, Any]) -> ModelConfig:
    return ModelConfig.from_dict(small_base)


def test_a_library_is_a_store_of_different_adapters(tmp_path: Path, config: ModelConfig) -> None:
    refs = make_library(
        tmp_path, config, count=7, rank=4, targets=ALL, weight_files=2, deadline=Deadline()
    )
    assert len({ref.digest for ref in refs}) == 7
    inodes = {Path(ref.path, "adapter_model.safetensors").stat().st_ino for ref in refs}
    assert len(inodes) == 2
    loaded = [load_adapter(Path(r.path), config, max_rank=4, dtype=float32) for r in refs]
    assert len({weights.checksum for weights in loaded}) == 7
    assert not (tmp_path / "source").exists()

    async def use(digest: str) -> Path:
        store = AdapterStore(tmp_path / "store", limit=1 << 40)
        try:
            async with store.use(digest, "file:///nowhere") as path:  # it is there already
                return path
        finally:
            await store.close()

    assert [str(asyncio.run(use(ref.digest))) for ref in refs] == [ref.path for ref in refs]


def test_a_librarys_files_are_pefts(
    tmp_path: Path, config: ModelConfig, small_base: dict[str, Any]
) -> None:
    peft = pytest.importorskip("peft")
    from transformers import LlamaConfig, LlamaForCausalLM

    (ref,) = make_library(
        tmp_path, config, count=1, rank=4, targets=ATTENTION, weight_files=0, deadline=Deadline()
    )
    base = LlamaForCausalLM(LlamaConfig(**small_base))
    model = peft.PeftModel.from_pretrained(base, ref.path)
    with safe_open(Path(ref.path, "adapter_model.safetensors"), framework="pt") as file:
        wanted = {name.replace(".weight", ".default.weight") for name in file.keys()}  # noqa: SIM118
    assert wanted == {name for name, _ in model.named_parameters() if "lora_" in name}
