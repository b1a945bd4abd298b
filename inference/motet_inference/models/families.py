"""The families of decoders, and what the configuration class of each assumes in silence."""

from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from motet_inference.models.errors import UnsupportedModel

Family = Literal["llama", "mistral", "qwen2", "qwen3", "qwen3_moe", "gemma2", "gemma3_text"]


@dataclass(frozen=True)
class Defaults:
    """What holds where config.json is silent.

    Attributes:
        max_position: positions that the family was made for.
        kv_heads: None is as many as heads.
        head_dim: None is the hidden size over the heads.
        tied: whether the head is the embedding.
    """

    max_position: int
    kv_heads: int | None = None
    head_dim: int | None = None
    tied: bool = False


DEFAULTS: dict[Family, Defaults] = {
    "llama": Defaults(2048),
    "mistral": Defaults(131072, kv_heads=8),
    "qwen2": Defaults(32768, kv_heads=32),
    "qwen3": Defaults(32768, kv_heads=32, head_dim=128),
    "qwen3_moe": Defaults(32768, kv_heads=4),
    "gemma2": Defaults(8192, kv_heads=4, head_dim=256, tied=True),
    "gemma3_text": Defaults(131072, kv_heads=4, head_dim=256, tied=True),
}
GEMMAS: tuple[Family, ...] = ("gemma2", "gemma3_text")


def family_of(raw: dict[str, Any]) -> Family:
    """Raises UnsupportedModel for another family, or an option of this one that is not built."""
    family = raw.get("model_type")
    if family not in DEFAULTS:
        raise UnsupportedModel(
            f"config.json: model_type {family!r} is not one of {', '.join(get_args(Family))}"
        )
    _refuse_unbuilt(raw, "gelu_pytorch_tanh" if family in GEMMAS else "silu")
    return cast(Family, family)


def _refuse_unbuilt(raw: dict[str, Any], activation: str) -> None:
    # Gemma's older files have both fields; transformers reads the one that other families lack.
    field = "hidden_act" if activation == "silu" else "hidden_activation"
    if (raw.get(field) or activation) != activation:
        raise UnsupportedModel(f"config.json: {field} {raw[field]!r}, only {activation} is built")
    if raw.get("mlp_bias"):
        raise UnsupportedModel("config.json: mlp_bias is not built")
    if raw.get("use_bidirectional_attention"):
        raise UnsupportedModel("config.json: use_bidirectional_attention is not built")
    if raw.get("quantization_config"):
        raise UnsupportedModel("config.json: quantized checkpoints are not built")
