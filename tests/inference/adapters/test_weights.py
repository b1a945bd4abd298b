"""Loaded weights give the very update that peft computes, or a refusal that says why."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from motet_inference.adapters.blob import AdapterWeights
from motet_inference.adapters.errors import AdapterError
from motet_inference.adapters.projections import group_shapes, module_paths
from motet_inference.adapters.slot_tensors import LoraWeights
from motet_inference.adapters.weights import load_adapter
from motet_inference.models.config import ModelConfig
from motet_inference.models.experts_config import ExpertsConfig

ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def load(folder: Path, base: ModelConfig, **options: Any) -> AdapterWeights:
    options = {"max_rank": 64, "dtype": torch.float32, **options}
    return load_adapter(folder, base, **options)


def update(weights: AdapterWeights, base: ModelConfig, module: str) -> torch.Tensor | None:
    """B A of one module [out, in], out of the slot layout; None when its group is untouched."""
    layer, group, index = module_paths(base)[module]
    if group not in weights.groups[layer]:
        return None
    a, b = weights.groups[layer][group]
    slices = group_shapes(base)[group].slices
    start = sum(slices[:index])
    rows = a[index * weights.rank : (index + 1) * weights.rank]
    return b[start : start + slices[index]] @ rows


@pytest.mark.parametrize(
    "fields",
    [
        {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"]},
        {"r": 8, "lora_alpha": 3, "target_modules": ALL},
        {"r": 16, "lora_alpha": 16, "target_modules": "all-linear", "use_rslora": True},
        {"r": 2, "lora_alpha": 4, "target_modules": ["down_proj"]},
        {"r": 4, "target_modules": ["k_proj", "up_proj"], "init_lora_weights": "gaussian"},
        {"r": 4, "target_modules": r".*\.layers\.1\..*(q|k|gate)_proj"},
        {"r": 4, "target_modules": ["mlp.up_proj", "model.layers.0.self_attn.o_proj"]},
        {"r": 4, "target_modules": ["q_proj", "o_proj"], "exclude_modules": ["0.self_attn.q_proj"]},
        {"r": 4, "target_modules": ["q_proj"], "exclude_modules": r"model\.layers\.1.*"},
        {"r": 4, "target_modules": ["q_proj", "up_proj"], "layers_to_transform": [1]},
        {
            "r": 4,
            "target_modules": ["q_proj"],
            "layers_to_transform": 0,
            "layers_pattern": "layers",
        },
        {
            "r": 4,
            "lora_alpha": 8,
            "target_modules": ALL,
            "rank_pattern": {"q_proj": 8, "model.layers.1.mlp.down_proj": 2, r".*\.1\..*v_proj": 6},
            "alpha_pattern": {"^model.layers.0.self_attn.q_proj": 32, "(gate|up)_proj": 1},
        },
        {
            "r": 4,
            "target_modules": ["q_proj", "k_proj"],
            "rank_pattern": {"proj": 3, "k_proj": 5, r"layers\.\d+\.self_attn\.k_proj": 7},
            "use_rslora": True,
        },
    ],
)
def test_it_equals_peft(fields: dict[str, Any], base: ModelConfig, make_adapter: Any) -> None:
    folder, model = make_adapter(**fields)
    weights = load(folder, base)
    touched = 0
    for module in module_paths(base):
        layer = model.base_model.model.get_submodule(module)
        ours = update(weights, base, module)
        if hasattr(layer, "lora_A"):
            touched += 1
            assert ours is not None
            torch.testing.assert_close(ours, layer.get_delta_weight("default"))
        else:
            assert ours is None or not ours.any()
    assert touched
    assert weights.nbytes == weights.blob.numel() * 4


def test_dtype_is_the_one_asked_for(base: ModelConfig, make_adapter: Any) -> None:
    folder, _ = make_adapter(r=4, target_modules=ALL)
    exact, narrow = load(folder, base), load(folder, base, dtype=torch.bfloat16)
    assert narrow.blob.dtype == torch.bfloat16
    torch.testing.assert_close(narrow.blob, exact.blob.bfloat16())


@pytest.mark.parametrize("stored", [torch.float16, torch.bfloat16])
def test_narrow_files_are_read(
    stored: torch.dtype, base: ModelConfig, make_adapter: Any, edit_tensors: Any
) -> None:
    folder, _ = make_adapter(r=4, target_modules=["q_proj"])
    exact = load(folder, base)
    edit_tensors(folder, lambda t: t.update({k: v.to(stored) for k, v in t.items()}))
    torch.testing.assert_close(load(folder, base).blob, exact.blob, atol=2e-3, rtol=1e-2)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"use_dora": True}, "use_dora"),
        ({"bias": "all"}, "bias"),
        ({"bias": "lora_only"}, "bias"),
        ({"lora_bias": True}, "lora_bias"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"layer_replication": [[0, 1]]}, "layer_replication"),
        ({"trainable_token_indices": [1]}, "trainable_token_indices"),
        ({"target_parameters": ["w"]}, "target_parameters"),
        ({"alora_invocation_tokens": [1, 2]}, "alora_invocation_tokens"),
        ({"use_qalora": True}, "use_qalora"),
        ({"megatron_config": {"a": 1}}, "megatron_config"),
        ({"an_option_of_next_year": 1}, "an_option_of_next_year"),
        ({"peft_type": "IA3"}, "LORA"),
        ({"init_lora_weights": "pissa"}, "init_lora_weights"),
        ({"init_lora_weights": "olora"}, "init_lora_weights"),
        ({"r": 0}, "rank"),
        ({"r": True}, "rank"),
        ({"r": "8"}, "rank"),
        ({"r": 65}, "rank 65"),
        ({"lora_alpha": float("nan")}, "lora_alpha"),
        ({"lora_alpha": float("inf")}, "lora_alpha"),
        ({"lora_alpha": "16"}, "lora_alpha"),
        ({"rank_pattern": {"q_proj": 0}}, "rank_pattern"),
        ({"rank_pattern": ["q_proj"]}, "rank_pattern"),
        ({"rank_pattern": {"q_proj": 8}}, "lora_A is [4, 32], expected [8, 32]"),
        ({"alpha_pattern": {"(": 1}}, "regular expression"),
        ({"alpha_pattern": {"x" * 5000: 1}}, "too large"),
        ({"use_rslora": "yes"}, "use_rslora"),
        ({"target_modules": None}, "target_modules"),
        ({"target_modules": [1]}, "target_modules"),
        ({"target_modules": ["lm_head"]}, "no projection"),
        ({"target_modules": ["q_proj", "v_proj"]}, "lora_A"),
        ({"target_modules": ["v_proj"]}, "no targeted projection"),
        ({"layers_to_transform": ["1"]}, "layers_to_transform"),
    ],
)
def test_what_is_not_served_is_refused_by_name(
    fields: dict[str, Any], says: str, base: ModelConfig, make_adapter: Any, edit_config: Any
) -> None:
    folder, _ = make_adapter(r=4, target_modules=["q_proj"])
    edit_config(folder, **fields)
    with pytest.raises(AdapterError) as caught:
        load(folder, base)
    assert caught.value.code == "adapter_incompatible"
    assert says in caught.value.message


@pytest.mark.parametrize("where", ["target_modules", "rank_pattern", "exclude_modules"])
def test_an_endless_pattern_is_cut_short(
    where: str, base: ModelConfig, make_adapter: Any, edit_config: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("motet_inference.adapters.patterns._SECONDS", 0.5)
    folder, _ = make_adapter(r=4, target_modules=["q_proj"])
    pattern = r"(([a-z0-9_.]+)+)+!"
    edit_config(folder, **{where: {pattern: 4} if where == "rank_pattern" else pattern})
    with pytest.raises(AdapterError, match="too long to match"):
        load(folder, base)


NAME = "base_model.model.model.layers.0.self_attn.q_proj.lora_{}.weight"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.update({"lm_head.weight": torch.zeros(1)}), "lm_head"),
        (lambda t: t.update({NAME.format("C"): torch.zeros(1)}), "lora_C"),
        (lambda t: t.update({"../../etc/passwd": torch.zeros(1)}), "etc/passwd"),
        (lambda t: t.pop(NAME.format("B")), "has no lora_B"),
        (lambda t: t.update({NAME.format("A"): torch.zeros(4, 31)}), "expected [4, 32]"),
        (lambda t: t.update({NAME.format("A"): torch.zeros(4, 32, 1)}), "expected [4, 32]"),
        (lambda t: t.update({NAME.format("B"): torch.zeros(64, 5)}), "expected [64, 4]"),
        (lambda t: t.update({NAME.format("A"): torch.zeros(4, 32).double()}), "F64"),
        (lambda t: t.update({NAME.format("A"): torch.zeros(4, 32).int()}), "I32"),
        (lambda t: t[NAME.format("A")].fill_(float("nan")), "NaN"),
        (lambda t: t[NAME.format("B")].view(-1)[:1].fill_(float("inf")), "infinite"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(
    change: Any, says: str, base: ModelConfig, make_adapter: Any, edit_tensors: Any
) -> None:
    folder, _ = make_adapter(r=4, target_modules=["q_proj"])
    edit_tensors(folder, change)
    with pytest.raises(AdapterError) as caught:
        load(folder, base)
    assert caught.value.code == "adapter_incompatible"
    assert says in caught.value.message


def test_a_value_that_overflows_the_served_dtype_is_refused(
    base: ModelConfig, make_adapter: Any, edit_tensors: Any
) -> None:
    folder, _ = make_adapter(r=4, target_modules=["q_proj"])
    edit_tensors(folder, lambda t: t[NAME.format("A")].fill_(1e6))
    load(folder, base)
    with pytest.raises(AdapterError, match="infinite"):
        load(folder, base, dtype=torch.float16)


def test_a_pickle_is_never_opened(base: ModelConfig, make_adapter: Any) -> None:
    folder, _ = make_adapter(r=4, target_modules=["q_proj"])
    (folder / "adapter_model.safetensors").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(AdapterError, match="not a safetensors file"):
        load(folder, base)


@pytest.mark.parametrize("missing", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_missing_file_is_unavailable(missing: str, base: ModelConfig, make_adapter: Any) -> None:
    folder, _ = make_adapter(r=4, target_modules=["q_proj"])
    (folder / missing).unlink()
    with pytest.raises(AdapterError) as caught:
        load(folder, base)
    assert caught.value.code == "adapter_unavailable"


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 60_000, b" " * 70_000])
def test_a_broken_config_is_refused(data: bytes, base: ModelConfig, make_adapter: Any) -> None:
    folder, _ = make_adapter(r=4, target_modules=["q_proj"])
    (folder / "adapter_config.json").write_bytes(data)
    with pytest.raises(AdapterError) as caught:
        load(folder, base)
    assert caught.value.code == "adapter_incompatible"


@pytest.mark.parametrize("module", ["experts.3.up_proj", "experts.base_layer", "gate"])
def test_experts_and_routers_are_refused(
    module: str, base: ModelConfig, make_adapter: Any, edit_tensors: Any
) -> None:
    folder, _ = make_adapter(r=4, target_modules=["q_proj"])
    name = f"base_model.model.model.layers.0.mlp.{module}.lora_A.weight"
    edit_tensors(folder, lambda tensors: tensors.update({name: torch.ones(4, 32)}))
    with pytest.raises(AdapterError, match=r"experts.*train on q_proj") as refused:
        load(folder, base)
    assert refused.value.code == "adapter_incompatible"


def test_the_mlp_is_adapted_only_where_there_is_one(
    base: ModelConfig, make_adapter: Any, edit_config: Any
) -> None:
    experts = ExpertsConfig(frozenset({1}), 4, 2, 16, normalised=True)
    folder, _ = make_adapter(r=4, target_modules=ALL, layers_to_transform=[0])
    edit_config(folder, layers_to_transform=[0])
    weights = load(folder, replace(base, experts=experts))
    assert [set(groups) for groups in weights.groups] == [{"qkv", "o", "gate_up", "down"}, set()]
    slots = LoraWeights.zeros(
        replace(base, experts=experts),
        num_slots=2,
        max_rank=8,
        dtype=torch.float32,
        device=torch.device("cpu"),
    )
    slots.write(1, weights, device_blob=weights.blob)
    assert slots.layers[1].gate_up is None
    assert slots.layers[1].down is None
    assert slots.checksum(1) != slots.checksum(0)
    with pytest.raises(AdapterError, match="belongs to no targeted"):
        load(make_adapter(r=4, target_modules=ALL)[0], replace(base, experts=experts))
