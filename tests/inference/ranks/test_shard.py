"""Parts follow one another and make up the whole; what cannot be shared out is refused."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from motet_inference.engine.testing import small_config, small_model
from motet_inference.models.config import ModelConfig
from motet_inference.models.errors import UnsupportedModel
from motet_inference.models.experts_config import ExpertsConfig
from motet_inference.models.llama import CausalLM
from motet_inference.models.loader import load_model
from motet_inference.ranks.shard import Shard
from safetensors.torch import save_file
from torch import Tensor

EXPERTS = ExpertsConfig(frozenset({1}), 3, 2, 16, normalised=True)


def shards(size: int) -> list[Shard]:
    return [Shard(rank, size) for rank in range(size)]


def test_parts_follow_one_another_by_rank() -> None:
    assert [s.cut(12, 4) for s in shards(3)] == [slice(0, 4), slice(4, 8), slice(8, 12)]


def test_parts_that_are_fewer_than_ranks_go_to_neighbours() -> None:
    assert [s.cut(16, 8) for s in shards(4)] == [slice(0, 8)] * 2 + [slice(8, 16)] * 2


def test_a_part_that_is_the_whole_is_everybodys() -> None:
    assert [s.cut(97, 97) for s in shards(4)] == [slice(0, 97)] * 4


@pytest.mark.parametrize(("rank", "size"), [(2, 2), (-1, 2), (0, 0)])
def test_a_rank_is_one_of_its_ranks(rank: int, size: int) -> None:
    with pytest.raises(ValueError, match="ranks"):
        Shard(rank, size)


@pytest.mark.parametrize(
    ("fields", "size", "says"),
    [
        ({"num_heads": 6}, 4, "6 heads"),
        ({"intermediate_size": 50}, 4, "50 inner features"),
        ({"num_heads": 12, "num_kv_heads": 6}, 4, "6 key-value heads"),
        ({"num_heads": 12, "num_kv_heads": 3, "intermediate_size": 48}, 4, "3 key-value heads"),
        ({"experts": replace(EXPERTS, inner_size=18)}, 4, "18 inner features of an expert"),
        ({"hidden_size": 64, "intermediate_size": 48, "head_dim": 16, "fp8": True}, 2, "gate_proj"),
    ],
)
def test_sizes_that_do_not_divide_are_refused(fields: dict[str, Any], size: int, says: str) -> None:
    with pytest.raises(UnsupportedModel, match=says):
        small_config(**fields, shard=Shard(0, size))


def test_alone_a_share_is_the_whole() -> None:
    config = small_config()
    assert config.local is config
    assert config.head_rows == config.vocab_size


# Of each tensor of a checkpoint, the side along which ranks share it; the others are everybody's.
CUT_AT = {
    **dict.fromkeys(["q_proj", "k_proj", "v_proj", "gate_proj", "up_proj", "lm_head"], 0),
    **dict.fromkeys(["o_proj", "down_proj"], 1),
}


def saved(folder: Path) -> dict[str, Tensor]:
    """A checkpoint with biases and experts: four heads, two key-value heads, 64 tokens."""
    config = small_config(
        family="qwen3_moe", vocab_size=64, qk_norm=True, qkv_bias=True, o_bias=True, experts=EXPERTS
    )
    tensors = {name: t.clone() for name, t in small_model(config).parameters.items()}
    save_file(tensors, folder / "model.safetensors")
    raw = {
        "model_type": "qwen3_moe",
        "vocab_size": 64,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "attention_bias": True,
        "num_experts": 3,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 16,
        "mlp_only_layers": [0],
    }
    (folder / "config.json").write_text(json.dumps(raw))
    return tensors


def load(folder: Path, shard: Shard) -> CausalLM:
    return load_model(folder, dtype=torch.float32, device="cpu", shard=shard)


@pytest.mark.parametrize("size", [2, 4])
def test_the_shares_of_a_checkpoint_make_it_up(size: int, tmp_path: Path) -> None:
    tensors = saved(tmp_path)
    shares = [load(tmp_path, shard).parameters for shard in shards(size)]
    for name, whole in tensors.items():
        parts = [share[name] for share in shares]
        module, kind = name.split(".")[-2:]
        if module == "o_proj" and kind == "bias":
            torch.testing.assert_close(sum(parts), whole)  # each rank adds its own to the sum
        elif module not in CUT_AT:
            assert all(torch.equal(part, whole) for part in parts), name
        else:
            if module in ("k_proj", "v_proj") and size == 4:
                assert torch.equal(parts[0], parts[1]) and torch.equal(parts[2], parts[3])
                parts = parts[::2]
            assert torch.equal(torch.cat(parts, CUT_AT[module]), whole), name


def test_a_share_is_no_more_than_its_part(tmp_path: Path) -> None:
    saved(tmp_path)
    whole = load_model(tmp_path, dtype=torch.float32, device="cpu").parameters
    share = load(tmp_path, Shard(1, 2)).parameters
    for name, tensor in share.items():
        cut = name.split(".")[-2] in CUT_AT and not name.endswith("o_proj.bias")
        assert tensor.numel() * (2 if cut else 1) == whole[name].numel(), name


def test_a_vocabulary_that_does_not_divide_is_scored_by_all(tmp_path: Path) -> None:
    config = replace(ModelConfig.load(_odd(tmp_path)), shard=Shard(1, 2))
    assert config.head_rows == 61


def _odd(folder: Path) -> Path:
    saved(folder)
    raw = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(raw | {"vocab_size": 61}))
    return folder
