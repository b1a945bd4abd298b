"""The shape of a base model as far as an adapter has to fit it, from its config.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from motet_platform.adapters.gate.refusal import Refusal, shown

FAMILIES = ("llama", "mistral", "qwen2", "qwen3", "qwen3_moe", "gemma2", "gemma3_text")
# What a family's configuration class assumes where config.json is silent: others have as many
# key-value heads as heads, and heads that divide the hidden size.
KV_HEADS = {
    "mistral": 8, "qwen2": 32, "qwen3": 32, "qwen3_moe": 4, "gemma2": 4, "gemma3_text": 4,
}  # fmt: skip
HEAD_DIM = {"qwen3": 128, "gemma2": 256, "gemma3_text": 256}
ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
MLP = ("gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class BaseShape:
    """`projections`: (in, out) features of each projection, alike in all layers that have it.

    `expert_layers` have a mixture of experts, which no adapter reaches, and no MLP.
    """

    family: str
    num_layers: int
    context_length: int
    projections: Mapping[str, tuple[int, int]]
    expert_layers: frozenset[int] = frozenset()

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> BaseShape:
        """From a parsed config.json. Refusal `base_unsupported` for a family that is not served."""
        family = config.get("model_type")
        if family not in FAMILIES:
            raise Refusal(
                "base_unsupported",
                f"config.json: model_type {shown(family)} is not one of {', '.join(FAMILIES)}.",
            )
        hidden = _positive(config, "hidden_size")
        inner = _positive(config, "intermediate_size")
        heads = _positive(config, "num_attention_heads")
        kv_heads = config.get("num_key_value_heads", KV_HEADS.get(family)) or heads
        head_dim = config.get("head_dim") or HEAD_DIM.get(family) or hidden // heads
        query, key = heads * head_dim, kv_heads * head_dim
        layers = _positive(config, "num_hidden_layers")
        experts = _expert_layers(config, layers) if family == "qwen3_moe" else frozenset()
        projections = {
            "q_proj": (hidden, query),
            "k_proj": (hidden, key),
            "v_proj": (hidden, key),
            "o_proj": (query, hidden),
        }
        if len(experts) < layers:
            projections |= {
                "gate_proj": (hidden, inner),
                "up_proj": (hidden, inner),
                "down_proj": (inner, hidden),
            }
        return cls(
            family=family,
            num_layers=layers,
            context_length=_positive(config, "max_position_embeddings"),
            projections=projections,
            expert_layers=experts,
        )


def _expert_layers(config: Mapping[str, Any], layers: int) -> frozenset[int]:
    """As transformers chooses them; in silence all layers have experts."""
    count = config.get("num_experts", config.get("num_local_experts"))
    step = _positive({"decoder_sparse_step": 1} | dict(config), "decoder_sparse_step")
    dense = config.get("mlp_only_layers") or []
    if count == 0:
        return frozenset()
    return frozenset(i for i in range(layers) if i not in dense and (i + 1) % step == 0)


def _positive(config: Mapping[str, Any], field: str) -> int:
    value = config.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Refusal(
            "base_unsupported",
            f"config.json: {field} must be a positive integer, not {shown(value)}.",
        )
    return value
