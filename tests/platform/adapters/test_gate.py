"""The gate in its child process: what it takes, and what it refuses with which code."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from motet_inference.adapters.projections import module_paths
from motet_inference.models.config import ModelConfig
from motet_inference.tiny import BASE
from motet_platform.adapters import testing
from motet_platform.adapters.gate.base import FAMILIES, BaseShape
from motet_platform.adapters.gate.check import check
from motet_platform.adapters.gate.refusal import Refusal
from motet_platform.adapters.gate.run import gate_run
from motet_platform.adapters.gate.targets import modules_of
from motet_platform.adapters.testing import HOSTILE, TINY_BASE, Files, good

SHIPPED: dict[str, Any] = json.loads((BASE / "config.json").read_text())


def write(folder: Path, files: Files) -> tuple[Path, Path]:
    config, model = folder / "adapter_config.json", folder / "adapter_model.safetensors"
    config.write_bytes(files.config)
    model.write_bytes(files.model)
    return config, model


def run(folder: Path, files: Files, **limits: Any) -> dict[str, Any]:
    return check(*write(folder, files), TINY_BASE, max_rank=limits.pop("max_rank", 64))


def test_it_works_in_a_child(tmp_path: Path) -> None:
    facts = gate_run(*write(tmp_path, good(rank=8)), TINY_BASE, max_rank=64)
    assert facts["rank"] == 8
    assert facts["targets"] == ["q_proj", "v_proj"]
    assert facts["layers"] == 2
    assert facts["parameters"] == 2 * 8 * (32 + 32 + 32 + 16)
    assert facts["dtypes"] == ["F32"]


@pytest.mark.parametrize("base", [TINY_BASE, SHIPPED], ids=["tiny", "shipped"])
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile(case: str, base: dict[str, Any], tmp_path: Path) -> None:
    """A case means what it says for a base of any shapes."""
    code, make = HOSTILE[case]
    with pytest.raises(Refusal) as refused:
        check(*write(tmp_path, make(base)), base, max_rank=64)
    assert refused.value.code == code, refused.value.message
    assert refused.value.message.endswith((".", "?"))
    assert len(refused.value.message) < 400
    assert refused.value.message.isprintable()


def test_at_least_forty_distinct_codes() -> None:
    assert len({code for code, _ in HOSTILE.values()}) >= 40


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision(dtype: str, tmp_path: Path) -> None:
    tensors = testing.lora_tensors(TINY_BASE)
    if dtype == "float16":
        half = {name: values.astype(np.float16) for name, values in tensors.items()}
        infinity, nan = np.float16("inf"), np.float16("nan")
    else:
        half = {n: (v.view(np.uint32) >> 16).astype(np.uint16) for n, v in tensors.items()}
        infinity, nan = np.uint16(0xFF80), np.uint16(0x7FC0)
    config = good().config
    assert run(tmp_path, Files(config, testing.safetensors(half)))["rank"] == 4
    for value, code in ((infinity, "weights_infinite"), (nan, "weights_nan")):
        next(iter(half.values())).flat[3] = value
        with pytest.raises(Refusal) as refused:
            run(tmp_path, Files(config, testing.safetensors(half)))
        assert refused.value.code == code


@pytest.mark.parametrize("weight", [9999.0, -9999.0])
def test_large_but_finite_weights_pass(weight: float, tmp_path: Path) -> None:
    tensors = testing.lora_tensors(TINY_BASE)
    next(iter(tensors.values())).flat[0] = weight
    assert run(tmp_path, Files(good().config, testing.safetensors(tensors)))["rank"] == 4


def test_patterns_decide_rank_by_first_match(tmp_path: Path) -> None:
    tensors = testing.lora_tensors(TINY_BASE, rank=4)
    wide = testing.lora_tensors(TINY_BASE, rank=16)
    mixed = {n: wide[n] if "layers.1.self_attn.q_proj" in n else v for n, v in tensors.items()}
    pattern = {"layers.1.self_attn.q_proj": 16, "^model.layers.0.self_attn.q_proj": 4, "q_proj": 9}
    config = json.dumps(testing.lora_config(rank_pattern=pattern)).encode()
    assert run(tmp_path, Files(config, testing.safetensors(mixed)))["rank"] == 16


def test_rslora_scales_by_the_root(tmp_path: Path) -> None:
    rank, alpha = 64, 5000.0  # 78 by alpha / r, 625 by alpha / sqrt(r)
    targets = ("q_proj", "down_proj")
    assert run(tmp_path, good(rank=rank, targets=targets, lora_alpha=alpha, use_rslora=True))
    with pytest.raises(Refusal, match="scales by 1250"):
        run(tmp_path, good(rank=rank, targets=targets, lora_alpha=2 * alpha, use_rslora=True))


@pytest.mark.parametrize(
    "changes",
    [
        {"target_modules": r".*\.(q|v)_proj"},
        {"target_modules": ["self_attn.q_proj", "v_proj"]},
        {"target_modules": "all-linear", "exclude_modules": r".*(k_proj|o_proj|mlp\..*)"},
        {"target_modules": ["q_proj", "v_proj", "k_proj"], "exclude_modules": ["k_proj"]},
        {"target_modules": ["q_proj", "v_proj"], "layers_to_transform": [1, 0]},
    ],
)
def test_other_forms_of_target_modules(changes: dict[str, object], tmp_path: Path) -> None:
    config = json.dumps(testing.lora_config(**changes)).encode()
    assert run(tmp_path, Files(config, good().model))["targets"] == ("q_proj", "v_proj")


def test_a_layer_left_out(tmp_path: Path) -> None:
    tensors = {n: v for n, v in testing.lora_tensors(TINY_BASE).items() if "layers.1." in n}
    model = testing.safetensors(tensors)
    config = json.dumps(testing.lora_config(layers_to_transform=1)).encode()
    assert run(tmp_path, Files(config, model))["layers"] == 1
    with pytest.raises(Refusal) as refused:
        run(tmp_path, Files(good().config, model))
    assert refused.value.code == "target_without_weights"


def test_memory_is_bounded(tmp_path: Path) -> None:
    """A header within its size limit that unfolds to more objects than the limit has room for."""
    wide = testing.pack(b'{"a":[' + b"{}," * 2_700_000 + b"1]}", b"")
    files = Files(good().config, wide)
    with pytest.raises(Refusal) as refused:
        gate_run(*write(tmp_path, files), TINY_BASE, max_rank=64, memory=250 * 1024**2)
    assert refused.value.code == "gate_memory"


def test_time_is_bounded(tmp_path: Path) -> None:
    """Millions of modules to match against patterns would keep the matcher's own timer waiting."""
    config, model = write(tmp_path, good())
    base = {**TINY_BASE, "num_hidden_layers": 5_000_000}
    with pytest.raises(Refusal) as refused:
        gate_run(config, model, base, max_rank=64, memory=8 * 1024**3, seconds=1)
    assert refused.value.code == "gate_timeout"


def test_child_can_write_no_file(tmp_path: Path) -> None:
    code = (
        "import sys; from motet_platform.adapters.gate.child import bound;"
        "bound(memory=2**30, seconds=10); open(sys.argv[1], 'wb', 0).write(b'x')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "out")], capture_output=True)
    assert b"File too large" in done.stderr
    assert (tmp_path / "out").stat().st_size == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_the_shape_of_a_base_is_that_of_the_worker(family: str) -> None:
    """Silent fields included: the control plane has its own reading, since it has no torch."""
    silent = {k: v for k, v in TINY_BASE.items() if k != "num_key_value_heads"}
    for config in (TINY_BASE, silent):
        raw = config | {"model_type": family, "num_attention_heads": 32, "hidden_size": 128}
        ours, theirs = BaseShape.of(raw), ModelConfig.from_dict(raw)
        assert ours.projections.items() <= theirs.projections.items()
        assert set(modules_of(ours)) == set(module_paths(theirs))


EXPERTS = TINY_BASE | {"model_type": "qwen3_moe", "num_experts": 4, "num_experts_per_tok": 2}
SOME_EXPERTS: dict[str, dict[str, Any]] = {
    "every layer": {},
    "none": {"num_experts": 0},
    "every other": {"decoder_sparse_step": 2},
    "but for the first": {"mlp_only_layers": [0]},
    "as transformers 5 writes it": {"num_experts": None, "num_local_experts": 4},
}


@pytest.mark.parametrize("name", SOME_EXPERTS)
def test_which_layers_have_experts_is_what_the_worker_says(name: str) -> None:
    raw = {k: v for k, v in (EXPERTS | SOME_EXPERTS[name]).items() if v is not None}
    ours, theirs = BaseShape.of(raw), ModelConfig.from_dict(raw)
    assert set(modules_of(ours)) == set(module_paths(theirs))
    assert ("gate_proj" in ours.projections) == (len(ours.expert_layers) < ours.num_layers)


def test_attention_beside_experts_and_mlps_of_other_layers_are_taken(tmp_path: Path) -> None:
    base = EXPERTS | {"decoder_sparse_step": 2}
    files = good(base, targets=("q_proj", "o_proj", "up_proj"))
    facts = check(*write(tmp_path, files), base, max_rank=64)
    assert facts["targets"] == ("q_proj", "o_proj", "up_proj")
    assert facts["layers"] == 2


def test_an_mlp_where_experts_are_is_refused(tmp_path: Path) -> None:
    files = good(TINY_BASE, targets=("q_proj", "up_proj"))
    with pytest.raises(Refusal) as refused:
        check(*write(tmp_path, files), EXPERTS, max_rank=64)
    assert refused.value.code == "experts_unsupported"
    assert "q_proj, k_proj, v_proj and o_proj" in refused.value.message
