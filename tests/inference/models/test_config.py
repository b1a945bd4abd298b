"""config.json of each family, in old and new spelling, against what transformers makes of it."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from motet_inference.models.config import ModelConfig
from motet_inference.models.errors import BrokenCheckpoint, UnsupportedModel
from motet_inference.models.rope_config import RopeConfig
from transformers import AutoConfig, AutoModelForCausalLM

BASE: dict[str, Any] = {
    "model_type": "llama",
    "vocab_size": 128,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
}
LLAMA3 = {
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
    "rope_type": "llama3",
}
FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {},
    "llama 3": {
        "num_key_value_heads": 2,
        "rope_theta": 5e5,
        "rope_scaling": LLAMA3,
        "max_position_embeddings": 512,
        "eos_token_id": [7, 8],
        "attention_bias": True,
    },
    "llama 3, new spelling": {"rope_parameters": LLAMA3 | {"rope_theta": 5e5}},
    "llama, linear": {"rope_scaling": {"type": "linear", "factor": 2.0}},
    "mistral": {"model_type": "mistral", "num_key_value_heads": 2},
    "mistral, no window": {
        "model_type": "mistral",
        "num_attention_heads": 8,
        "sliding_window": None,
        "head_dim": 32,
    },
    "qwen2": {"model_type": "qwen2", "num_key_value_heads": 2, "tie_word_embeddings": True},
    "qwen2, windows": {
        "model_type": "qwen2",
        "num_key_value_heads": 4,
        "use_sliding_window": True,
        "sliding_window": 32,
        "max_window_layers": 1,
    },
    "qwen3": {"model_type": "qwen3", "num_key_value_heads": 2},
    "qwen3, layer types": {
        "model_type": "qwen3",
        "num_key_value_heads": 2,
        "head_dim": 32,
        "use_sliding_window": True,
        "sliding_window": 16,
        "layer_types": ["sliding_attention", "full_attention"] * 2,
    },
    "qwen3 moe": {"model_type": "qwen3_moe"},
    "qwen3 moe, some layers": {
        "model_type": "qwen3_moe",
        "num_experts": 16,
        "num_experts_per_tok": 4,
        "moe_intermediate_size": 32,
        "norm_topk_prob": True,
        "decoder_sparse_step": 2,
        "mlp_only_layers": [3],
        "num_key_value_heads": 2,
        "head_dim": 32,
    },
    "qwen3 moe, new spelling": {
        "model_type": "qwen3_moe",
        "num_local_experts": 12,
        "mlp_only_layers": [0, 2],
    },
    "gemma 2": {"model_type": "gemma2", "hidden_act": "gelu", "head_dim": 32},
    "gemma 2, layer types": {
        "model_type": "gemma2",
        "num_key_value_heads": 2,
        "sliding_window": 16,
        "tie_word_embeddings": False,
        "layer_types": ["full_attention", "sliding_attention"] * 2,
    },
    "gemma 3": {
        "model_type": "gemma3_text",
        "num_key_value_heads": 1,
        "num_hidden_layers": 7,
        "sliding_window": 512,
        "rope_theta": 5e5,
        "rope_local_base_freq": 7e3,
        "rope_scaling": {"rope_type": "linear", "factor": 8.0},
    },
    "gemma 3, silent": {"model_type": "gemma3_text", "sliding_window_pattern": 3},
    "gemma 3, new spelling": {
        "model_type": "gemma3_text",
        "layer_types": ["sliding_attention"] * 3 + ["full_attention"],
        "rope_parameters": {
            "full_attention": {"rope_type": "linear", "rope_theta": 2e6, "factor": 4.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 3e4},
        },
    },
}


@pytest.mark.parametrize("name", FAMILIES)
def test_families_agree_with_transformers(name: str, tmp_path: Path) -> None:
    raw = BASE | FAMILIES[name]
    (tmp_path / "config.json").write_text(json.dumps(raw))
    ours, theirs = ModelConfig.load(tmp_path), AutoConfig.from_pretrained(tmp_path)
    assert ours.num_kv_heads == theirs.num_key_value_heads
    assert ours.head_dim == (getattr(theirs, "head_dim", None) or 16)
    assert ours.max_position == theirs.max_position_embeddings
    assert ours.rms_eps == theirs.rms_norm_eps
    assert ours.tie_embeddings == theirs.tie_word_embeddings
    ropes = [(ours.rope, theirs.rope_parameters)]
    if ours.local_rope is not None:
        ropes = [
            (ours.rope, theirs.rope_parameters["full_attention"]),
            (ours.local_rope, theirs.rope_parameters["sliding_attention"]),
        ]
    for rope, parameters in ropes:
        assert rope.theta == parameters["rope_theta"]
        assert rope.kind == parameters["rope_type"]
        assert rope.factor == parameters.get("factor", 1.0) or rope.kind == "default"
    types = (
        getattr(theirs, "layer_types", None)
        or ["sliding_attention" if getattr(theirs, "sliding_window", None) else "full_attention"]
        * ours.num_layers
    )
    assert ours.windows == tuple(
        theirs.sliding_window if kind == "sliding_attention" else None for kind in types
    )


def test_scores_of_gemma_agree_with_transformers() -> None:
    changes = {"query_pre_attn_scalar": 144, "final_logit_softcapping": 20.0}
    for name in ("gemma 2", "gemma 3"):
        for raw in (BASE | FAMILIES[name], BASE | FAMILIES[name] | changes):
            ours = ModelConfig.from_dict(raw)
            theirs = AutoConfig.for_model(**raw)
            assert ours.gemma is not None
            assert ours.score_scale == theirs.query_pre_attn_scalar**-0.5
            assert ours.gemma.score_softcap == theirs.attn_logit_softcapping
            assert ours.gemma.logit_softcap == theirs.final_logit_softcapping


@pytest.mark.parametrize("name", [name for name in FAMILIES if "moe" in name])
def test_experts_agree_with_transformers(name: str) -> None:
    raw = BASE | FAMILIES[name]
    ours, theirs = ModelConfig.from_dict(raw).experts, AutoConfig.for_model(**raw)
    assert ours is not None
    assert ours.num_experts == theirs.num_experts
    assert ours.chosen == theirs.num_experts_per_tok
    assert ours.inner_size == theirs.moe_intermediate_size
    assert ours.normalised == theirs.norm_topk_prob
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(theirs)
    sparse = {i for i, layer in enumerate(model.model.layers) if hasattr(layer.mlp, "experts")}
    assert ours.layers == sparse


def test_no_experts_at_all() -> None:
    raw = BASE | {"model_type": "qwen3_moe", "num_experts": 0}
    assert ModelConfig.from_dict(raw).experts is None


def test_flags_of_the_families() -> None:
    flags = {
        name: (config.qkv_bias, config.o_bias, config.qk_norm)
        for name, config in (
            (name, ModelConfig.from_dict(BASE | changes)) for name, changes in FAMILIES.items()
        )
    }
    assert flags["llama"] == flags["mistral"] == (False, False, False)
    assert flags["llama 3"] == (True, True, False)
    assert flags["qwen2"] == (True, False, False)
    assert flags["qwen3"] == (False, False, True)


def test_projections_are_in_and_out_features() -> None:
    config = ModelConfig.from_dict(BASE | FAMILIES["qwen3"])
    assert config.projections == {
        "q_proj": (64, 512),
        "k_proj": (64, 256),
        "v_proj": (64, 256),
        "o_proj": (512, 64),
        "gate_proj": (64, 96),
        "up_proj": (64, 96),
        "down_proj": (96, 64),
    }


def test_end_tokens_of_the_generation_config_win(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(BASE | {"eos_token_id": 1}))
    assert ModelConfig.load(tmp_path).eos_token_ids == (1,)
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [2, 3]}))
    assert ModelConfig.load(tmp_path).eos_token_ids == (2, 3)
    assert ModelConfig.from_dict(BASE).eos_token_ids == ()


def test_llama3_scaling_is_read_whole() -> None:
    config = ModelConfig.from_dict(BASE | FAMILIES["llama 3"])
    assert config.rope == RopeConfig(5e5, "llama3", 8.0, 1.0, 4.0, 64)


@pytest.mark.parametrize(
    ("changes", "error", "names"),
    [
        ({"model_type": "gpt2"}, UnsupportedModel, "model_type"),
        ({"hidden_act": "gelu"}, UnsupportedModel, "hidden_act"),
        ({"mlp_bias": True}, UnsupportedModel, "mlp_bias"),
        ({"quantization_config": {"bits": 4}}, UnsupportedModel, "quantized"),
        ({"rope_scaling": {"rope_type": "yarn", "factor": 4}}, UnsupportedModel, "rope"),
        ({"rope_scaling": {"rope_type": "llama3"}}, BrokenCheckpoint, "factor"),
        ({"hidden_size": None}, BrokenCheckpoint, "hidden_size"),
        ({"vocab_size": "many"}, BrokenCheckpoint, "vocab_size"),
        ({"num_key_value_heads": 3}, BrokenCheckpoint, "heads"),
        ({"head_dim": 15}, UnsupportedModel, "head_dim"),
        (
            {"model_type": "qwen3_moe", "num_experts": 4, "num_experts_per_tok": 5},
            BrokenCheckpoint,
            "5 experts per token of 4",
        ),
        (
            {"model_type": "qwen3_moe", "decoder_sparse_step": 0},
            BrokenCheckpoint,
            "decoder_sparse_step",
        ),
        ({"model_type": "gemma3"}, UnsupportedModel, "model_type"),
        ({"model_type": "gemma2", "hidden_activation": "silu"}, UnsupportedModel, "activation"),
        ({"use_bidirectional_attention": True}, UnsupportedModel, "bidirectional"),
        (
            {"model_type": "gemma2", "attn_logit_softcapping": -1.0},
            BrokenCheckpoint,
            "attn_logit_softcapping",
        ),
        (
            {"model_type": "gemma3_text", "rope_parameters": {"rope_theta": 1e4}},
            UnsupportedModel,
            "rope_parameters",
        ),
    ],
)
def test_what_is_not_built_or_broken_says_which_field(
    changes: dict[str, Any], error: type[Exception], names: str
) -> None:
    with pytest.raises(error, match=names):
        ModelConfig.from_dict(BASE | changes)


def test_no_config_at_all(tmp_path: Path) -> None:
    with pytest.raises(BrokenCheckpoint, match=r"config\.json"):
        ModelConfig.load(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(BrokenCheckpoint, match=r"config\.json"):
        ModelConfig.load(tmp_path)
