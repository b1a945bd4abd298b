"""Checkpoints in one file or several; what does not fit is named."""

import json
from pathlib import Path

import pytest
import torch
from motet_inference.engine.testing import small_config, small_model
from motet_inference.models.errors import BrokenCheckpoint, UnsupportedModel
from motet_inference.models.experts_config import ExpertsConfig
from motet_inference.models.gemma_config import GemmaConfig
from motet_inference.models.llama import CausalLM
from motet_inference.models.loader import base_revision, load_model
from motet_kernels import to_fp8
from safetensors.torch import save_file
from torch import Tensor

CONFIG = {
    "model_type": "qwen3",
    "vocab_size": 61,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 64,
    "attention_bias": True,
}


@pytest.fixture
def tensors() -> dict[str, Tensor]:
    config = small_config(qk_norm=True, qkv_bias=True, o_bias=True, head_dim=16)
    return {name: t.clone() for name, t in small_model(config).parameters.items()}


def write(folder: Path, tensors: dict[str, Tensor], *, shards: int = 0, **changes: object) -> Path:
    (folder / "config.json").write_text(json.dumps(CONFIG | changes))
    if not shards:
        save_file(tensors, folder / "model.safetensors")
        return folder
    where: dict[str, str] = {}
    for shard in range(shards):
        part = dict(sorted(tensors.items())[shard::shards])
        name = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        save_file(part, folder / name)
        where |= dict.fromkeys(part, name)
    index = {"metadata": {}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def load(folder: Path) -> CausalLM:
    return load_model(folder, dtype=torch.float32, device="cpu")


@pytest.mark.parametrize("shards", [0, 1, 3])
def test_every_tensor_arrives(shards: int, tensors: dict[str, Tensor], tmp_path: Path) -> None:
    model = load(write(tmp_path, tensors, shards=shards))
    assert set(model.parameters) == set(tensors)
    for name, tensor in tensors.items():
        assert torch.equal(model.parameters[name], tensor), name
    assert model.config.revision == base_revision(tmp_path)


def test_merged_projections_hold_their_parts_in_order(
    tensors: dict[str, Tensor], tmp_path: Path
) -> None:
    layer = load(write(tmp_path, tensors)).layers[1]
    prefix = "model.layers.1."
    for parts, merged in (
        (("q_proj", "k_proj", "v_proj"), layer.attention.qkv),
        (("gate_proj", "up_proj"), layer.mlp.gate_up),
    ):
        block = "self_attn." if "q_proj" in parts else "mlp."
        named = [tensors[f"{prefix}{block}{part}.weight"] for part in parts]
        assert torch.equal(merged.weight, torch.cat(named))


def test_experts_may_be_stored_whole_or_one_by_one(tmp_path: Path) -> None:
    experts = ExpertsConfig(frozenset({1}), 3, 2, 16, normalised=True)
    config = small_config(qk_norm=True, head_dim=16, experts=experts)
    expected = small_model(config).parameters
    changes = {
        "model_type": "qwen3_moe",
        "num_experts": 3,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 16,
        "mlp_only_layers": [0],
        "attention_bias": False,
    }
    apart = {name: t.clone() for name, t in expected.items()}
    whole = {name: t for name, t in apart.items() if ".experts." not in name}
    prefix = "model.layers.1.mlp.experts."

    def stacked(part: str) -> Tensor:
        return torch.stack([apart[f"{prefix}{e}.{part}.weight"] for e in range(3)])

    whole[prefix + "gate_up_proj"] = torch.cat([stacked("gate_proj"), stacked("up_proj")], 1)
    whole[prefix + "down_proj"] = stacked("down_proj")
    for tensors in (apart, whole):
        found = load(write(tmp_path, tensors, **changes)).parameters
        assert set(found) == set(expected)
        for name, tensor in expected.items():
            assert torch.equal(found[name], tensor), name


def test_norms_of_a_gemma_are_kept_with_their_one(tmp_path: Path) -> None:
    config = small_config(
        qk_norm=True, head_dim=16, tie_embeddings=True, gemma=GemmaConfig(256.0, None, None)
    )
    stored = {name: t.clone() for name, t in small_model(config).parameters.items()}
    write(tmp_path, stored, model_type="gemma3_text", attention_bias=False)
    model = load_model(tmp_path, dtype=torch.bfloat16, device="cpu")
    for name, tensor in model.parameters.items():
        if name.endswith("norm.weight"):
            assert tensor.dtype == torch.float32
            assert torch.equal(tensor, stored[name] + 1), name
        else:
            assert torch.equal(tensor, stored[name].bfloat16()), name
    assert "model.layers.0.pre_feedforward_layernorm.weight" in model.parameters
    assert model.head.data_ptr() == model.embedding.data_ptr()


def test_values_are_converted(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    half = {name: t.to(torch.bfloat16) for name, t in tensors.items()}
    model = load(write(tmp_path, half))
    assert model.dtype == torch.float32
    assert torch.equal(model.norm, half["model.norm.weight"].float())


def test_tied_embeddings_share_and_ignore_a_stored_head(
    tensors: dict[str, Tensor], tmp_path: Path
) -> None:
    model = load(write(tmp_path, tensors, tie_word_embeddings=True))
    assert model.head.data_ptr() == model.embedding.data_ptr()
    assert torch.equal(model.head, tensors["model.embed_tokens.weight"])


def test_a_missing_tensor_is_named(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    del tensors["model.layers.1.mlp.up_proj.weight"]
    with pytest.raises(BrokenCheckpoint, match=r"layers\.1\.mlp\.up_proj"):
        load(write(tmp_path, tensors))


def test_a_tensor_too_many_is_named(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    tensors["model.layers.2.input_layernorm.weight"] = torch.ones(32)
    with pytest.raises(BrokenCheckpoint, match=r"layers\.2\.input_layernorm"):
        load(write(tmp_path, tensors))


def test_a_wrong_shape_is_named(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    tensors["model.norm.weight"] = torch.ones(31)
    with pytest.raises(BrokenCheckpoint, match=r"norm\.weight is \(31,\)"):
        load(write(tmp_path, tensors))


def test_no_weights_or_a_file_that_is_none(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    write(tmp_path, tensors)
    (tmp_path / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0notjson!")
    with pytest.raises(BrokenCheckpoint, match="safetensors"):
        load(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(BrokenCheckpoint, match="neither"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["../evil.safetensors", "absent.safetensors"])
def test_an_index_stays_in_its_folder(
    name: str, tensors: dict[str, Tensor], tmp_path: Path
) -> None:
    inner = tmp_path / "model"
    inner.mkdir()
    save_file({"x": torch.ones(1)}, tmp_path / "evil.safetensors")
    write(inner, tensors, shards=2)
    index = inner / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"x": name}}))
    with pytest.raises(BrokenCheckpoint, match="no file"):
        load(inner)


def test_the_revision_follows_the_files(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    first = base_revision(write(tmp_path, tensors))
    assert base_revision(write(tmp_path, tensors)) == first
    tensors["model.norm.weight"][0] += 1
    assert base_revision(write(tmp_path, tensors)) != first
    assert base_revision(write(tmp_path, tensors, rms_norm_eps=1e-5)) != first


def test_fp8_rounds_projections_alone_and_each_part_of_a_merged_one_by_itself(
    tensors: dict[str, Tensor], tmp_path: Path
) -> None:
    model = load_model(write(tmp_path, tensors), dtype=torch.float32, device="cpu", fp8=True)
    rounded = {name for name in tensors if name.endswith("_proj.weight")}
    assert set(model.scales) == rounded
    assert len(rounded) == 2 * 7
    for name, tensor in tensors.items():
        found = model.parameters[name]
        if name not in rounded:
            assert torch.equal(found, tensor), name
            continue
        q, scale = to_fp8(tensor)
        assert torch.equal(found.float(), q.float()), name
        assert torch.equal(model.scales[name], scale), name
    whole = load(tmp_path)
    for own, other in zip(model.layers, whole.layers, strict=True):
        scale = own.attention.qkv.scale
        assert scale is not None
        back = own.attention.qkv.weight.float() * scale[:, None]
        error = (back - other.attention.qkv.weight).norm() / other.attention.qkv.weight.norm()
        assert 0.005 < error < 0.04


def test_fp8_is_refused_where_it_is_not_built(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    write(tmp_path, tensors, intermediate_size=40)
    with pytest.raises(UnsupportedModel, match="multiples of 16"):
        load_model(tmp_path, dtype=torch.float32, device="cpu", fp8=True)
    write(tmp_path, tensors, model_type="qwen3_moe")
    with pytest.raises(UnsupportedModel, match="experts"):
        load_model(tmp_path, dtype=torch.float32, device="cpu", fp8=True)
