"""What config.json says about rotary frequencies."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from motet_inference.models.errors import BrokenCheckpoint, UnsupportedModel
from motet_inference.models.families import Family

RopeKind = Literal["default", "linear", "llama3"]


@dataclass(frozen=True)
class RopeConfig:
    """Rotary frequencies: `theta ** (-2i / head_dim)`, then stretched as `kind` says."""

    theta: float = 10000.0
    kind: RopeKind = "default"
    factor: float = 1.0
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    original_max_position: int = 8192


def ropes_of(raw: dict[str, Any], family: Family) -> tuple[RopeConfig, RopeConfig | None]:
    """The layers' frequencies, and those of layers with a window where they have their own.

    Both spellings: `rope_parameters` (transformers 5), in Gemma 3 by layer type, and `rope_theta`
    with `rope_scaling`, which leaves Gemma 3's `rope_local_base_freq` alone.
    """
    scaling = raw.get("rope_parameters") or {}
    if family != "gemma3_text":
        scaling = scaling or raw.get("rope_scaling") or {}
        return _read(scaling, raw, raw.get("rope_theta") or 10_000.0), None
    if set(scaling) - {"full_attention", "sliding_attention"}:
        raise UnsupportedModel(f"config.json: rope_parameters {scaling!r} are not by layer type")
    whole = scaling.get("full_attention") or raw.get("rope_scaling") or {}
    near = scaling.get("sliding_attention") or {}
    return (
        _read(whole, raw, raw.get("rope_theta") or 1_000_000.0),
        _read(near, raw, raw.get("rope_local_base_freq") or 10_000.0),
    )


def _read(scaling: dict[str, Any], raw: dict[str, Any], default_theta: float) -> RopeConfig:
    theta = float(scaling.get("rope_theta") or default_theta)
    kind = scaling.get("rope_type") or scaling.get("type") or "default"
    if kind not in get_args(RopeKind) or scaling.get("partial_rotary_factor", 1.0) != 1.0:
        raise UnsupportedModel(f"config.json: rope scaling {scaling!r}")
    if kind == "default":
        return RopeConfig(theta=theta)
    try:
        factor = float(scaling["factor"])
        if kind == "linear":
            return RopeConfig(theta=theta, kind="linear", factor=factor)
        original = scaling.get("original_max_position_embeddings")
        return RopeConfig(
            theta=theta,
            kind="llama3",
            factor=factor,
            low_freq_factor=float(scaling["low_freq_factor"]),
            high_freq_factor=float(scaling["high_freq_factor"]),
            original_max_position=original or raw["max_position_embeddings"],
        )
    except KeyError as error:
        raise BrokenCheckpoint(f"config.json: rope scaling {kind} without {error}") from error
