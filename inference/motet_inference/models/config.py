"""What a Hugging Face config.json says about a decoder: checked, one shape for all families."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast, get_args

from motet_inference.models.errors import BrokenCheckpoint, UnsupportedModel

Family = Literal["llama", "mistral", "qwen2", "qwen3"]
RopeKind = Literal["default", "linear", "llama3"]

# What a family's configuration class assumes where config.json is silent.
_MAX_POSITION: dict[Family, int] = {
    "llama": 2048,
    "mistral": 131072,
    "qwen2": 32768,
    "qwen3": 32768,
}
_KV_HEADS: dict[Family, int | None] = {"llama": None, "mistral": 8, "qwen2": 32, "qwen3": 32}


@dataclass(frozen=True)
class RopeConfig:
    """Rotary frequencies: `theta ** (-2i / head_dim)`, then stretched as `kind` says."""

    theta: float = 10000.0
    kind: RopeKind = "default"
    factor: float = 1.0
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    original_max_position: int = 8192


@dataclass(frozen=True)
class ModelConfig:
    """A decoder's shape.

    Attributes:
        windows: per layer, how many last positions a query sees, its own included; None is all.
        eos_token_ids: of generation_config.json if it is there, else of config.json.
        revision: names the base model in cache keys; see `loader.base_revision`.
    """

    family: Family
    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    max_position: int
    rms_eps: float
    tie_embeddings: bool
    qkv_bias: bool
    o_bias: bool
    qk_norm: bool
    windows: tuple[int | None, ...]
    rope: RopeConfig
    eos_token_ids: tuple[int, ...]
    revision: str = ""

    def __post_init__(self) -> None:
        if self.num_heads % self.num_kv_heads:
            raise BrokenCheckpoint(
                f"config.json: {self.num_heads} heads do not divide over {self.num_kv_heads}"
            )
        if self.head_dim % 2:
            raise UnsupportedModel(f"config.json: head_dim {self.head_dim} is odd")

    @property
    def q_size(self) -> int:
        return self.num_heads * self.head_dim

    @property
    def kv_size(self) -> int:
        return self.num_kv_heads * self.head_dim

    @cached_property
    def projections(self) -> dict[str, tuple[int, int]]:
        """(in, out) features of the seven projections that an adapter may target."""
        hidden, inner = self.hidden_size, self.intermediate_size
        return {
            "q_proj": (hidden, self.q_size),
            "k_proj": (hidden, self.kv_size),
            "v_proj": (hidden, self.kv_size),
            "o_proj": (self.q_size, hidden),
            "gate_proj": (hidden, inner),
            "up_proj": (hidden, inner),
            "down_proj": (inner, hidden),
        }

    @classmethod
    def load(cls, folder: Path | str) -> "ModelConfig":
        """Read config.json (and generation_config.json) of a model folder.

        Raises:
            BrokenCheckpoint: no readable config.json, or a field that is missing.
            UnsupportedModel: a family or an option that is not built.
        """
        folder = Path(folder)
        raw = _read(folder / "config.json")
        generation = folder / "generation_config.json"
        eos = _read(generation).get("eos_token_id") if generation.is_file() else None
        return cls.from_dict(raw, eos_token_id=eos)

    @classmethod
    def from_dict(
        cls, raw: dict[str, Any], *, eos_token_id: int | list[int] | None = None
    ) -> "ModelConfig":
        """The same, from the parsed config.json; `eos_token_id` outranks the one in it."""
        family = _family(raw)
        _refuse_unbuilt(raw)
        heads = _required(raw, "num_attention_heads")
        hidden = _required(raw, "hidden_size")
        layers = _required(raw, "num_hidden_layers")
        default_dim = 128 if family == "qwen3" else hidden // heads
        bias = bool(raw.get("attention_bias", False))
        eos = eos_token_id if eos_token_id is not None else raw.get("eos_token_id")
        return cls(
            family=family,
            vocab_size=_required(raw, "vocab_size"),
            hidden_size=hidden,
            intermediate_size=_required(raw, "intermediate_size"),
            num_layers=layers,
            num_heads=heads,
            num_kv_heads=raw.get("num_key_value_heads", _KV_HEADS[family]) or heads,
            head_dim=raw.get("head_dim") or default_dim,
            max_position=raw.get("max_position_embeddings") or _MAX_POSITION[family],
            rms_eps=float(raw.get("rms_norm_eps", 1e-6)),
            tie_embeddings=bool(raw.get("tie_word_embeddings", False)),
            qkv_bias=True if family == "qwen2" else bias and family in ("llama", "qwen3"),
            o_bias=bias and family in ("llama", "qwen3"),
            qk_norm=family == "qwen3",
            windows=_windows(raw, family, layers),
            rope=_rope(raw),
            eos_token_ids=() if eos is None else (eos,) if isinstance(eos, int) else tuple(eos),
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        raise BrokenCheckpoint(f"{path}: {error}") from error


def _required(raw: dict[str, Any], field: str) -> int:
    value = raw.get(field)
    if not isinstance(value, int) or value < 1:
        raise BrokenCheckpoint(f"config.json: {field} must be a positive integer, not {value!r}")
    return value


def _family(raw: dict[str, Any]) -> Family:
    family = raw.get("model_type")
    if family not in get_args(Family):
        raise UnsupportedModel(
            f"config.json: model_type {family!r} is not one of {', '.join(get_args(Family))}"
        )
    return cast(Family, family)


def _refuse_unbuilt(raw: dict[str, Any]) -> None:
    if raw.get("hidden_act", "silu") != "silu":
        raise UnsupportedModel(f"config.json: hidden_act {raw['hidden_act']!r}, only silu is built")
    if raw.get("mlp_bias"):
        raise UnsupportedModel("config.json: mlp_bias is not built")
    if raw.get("quantization_config"):
        raise UnsupportedModel("config.json: quantized checkpoints are not built")


def _windows(raw: dict[str, Any], family: Family, layers: int) -> tuple[int | None, ...]:
    """Mistral's window holds for all layers; Qwen's for those its layer types or its depth say."""
    window: int | None = raw.get("sliding_window", 4096)
    if family == "llama" or window is None:
        return (None,) * layers
    if family == "mistral":
        return (window,) * layers
    if not raw.get("use_sliding_window", False):
        return (None,) * layers
    types = raw.get("layer_types")
    if types is None:
        first = raw.get("max_window_layers", 28)
        return tuple(window if i >= first else None for i in range(layers))
    if len(types) != layers or set(types) - {"full_attention", "sliding_attention"}:
        raise UnsupportedModel(f"config.json: layer_types {types!r}")
    return tuple(window if kind == "sliding_attention" else None for kind in types)


def _rope(raw: dict[str, Any]) -> RopeConfig:
    """Both spellings: `rope_parameters` (transformers 5) and `rope_theta` with `rope_scaling`."""
    scaling = raw.get("rope_parameters") or raw.get("rope_scaling") or {}
    theta = float(scaling.get("rope_theta") or raw.get("rope_theta") or 10000.0)
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
