"""What config.json says of a Gemma beyond what all decoders have."""

from dataclasses import dataclass
from typing import Any

from motet_inference.models.errors import BrokenCheckpoint
from motet_inference.models.families import Family


@dataclass(frozen=True)
class GemmaConfig:
    """Gemma's manner.

    All Gemmas scale norms by 1 + w, have norms behind attention and MLP too, an embedding times
    sqrt(hidden_size), and GELU (by tanh) for SiLU.

    Attributes:
        score_width: attention scores are divided by its square root, not that of head_dim.
        score_softcap: bound on attention scores; None for none.
        logit_softcap: bound on logits; None for none.
    """

    score_width: float
    score_softcap: float | None
    logit_softcap: float | None


def gemma_of(raw: dict[str, Any], family: Family) -> GemmaConfig | None:
    """None for another family. Raises BrokenCheckpoint for a value that is no positive number."""
    if family == "gemma2":
        return GemmaConfig(
            score_width=_positive(raw, "query_pre_attn_scalar", 256.0),
            score_softcap=_softcap(raw, "attn_logit_softcapping", 50.0),
            logit_softcap=_softcap(raw, "final_logit_softcapping", 30.0),
        )
    if family == "gemma3_text":
        return GemmaConfig(
            score_width=_positive(raw, "query_pre_attn_scalar", 256.0),
            score_softcap=None,  # transformers passes over it, and no published file sets it
            logit_softcap=_softcap(raw, "final_logit_softcapping", None),
        )
    return None


def _softcap(raw: dict[str, Any], field: str, default: float | None) -> float | None:
    return None if raw.get(field, default) is None else _positive(raw, field, default)


def _positive(raw: dict[str, Any], field: str, default: float | None) -> float:
    value = raw.get(field, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
        raise BrokenCheckpoint(f"config.json: {field} must be a positive number, not {value!r}")
    return float(value)
