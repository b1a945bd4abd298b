"""What config.json says of a mixture of experts."""

from dataclasses import dataclass
from typing import Any

from motet_inference.models.errors import BrokenCheckpoint
from motet_inference.models.families import Family


@dataclass(frozen=True)
class ExpertsConfig:
    """The experts that stand in the MLP's place.

    Attributes:
        layers: those that have them; the others have an MLP.
        num_experts: of each such layer.
        chosen: experts of each token.
        inner_size: an expert's inner features.
        normalised: whether a token's weights of its experts sum to one.
    """

    layers: frozenset[int]
    num_experts: int
    chosen: int
    inner_size: int
    normalised: bool


def experts_of(raw: dict[str, Any], family: Family, layers: int) -> ExpertsConfig | None:
    """None where no layer has experts. Raises BrokenCheckpoint for numbers that do not fit."""
    if family != "qwen3_moe":
        return None
    # transformers 5 writes the second name.
    experts = _count(raw, "num_experts", raw.get("num_local_experts", 128), 0)
    step = _count(raw, "decoder_sparse_step", 1, 1)
    dense = raw.get("mlp_only_layers") or []
    sparse = frozenset(i for i in range(layers) if i not in dense and (i + 1) % step == 0)
    if not experts or not sparse:
        return None
    chosen = _count(raw, "num_experts_per_tok", 8, 1)
    if chosen > experts:
        raise BrokenCheckpoint(f"config.json: {chosen} experts per token of {experts}")
    return ExpertsConfig(
        layers=sparse,
        num_experts=experts,
        chosen=chosen,
        inner_size=_count(raw, "moe_intermediate_size", 768, 1),
        normalised=bool(raw.get("norm_topk_prob", False)),
    )


def _count(raw: dict[str, Any], field: str, default: int, least: int) -> int:
    value = raw.get(field, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise BrokenCheckpoint(
            f"config.json: {field} must be a whole number from {least}, not {value!r}"
        )
    return value
