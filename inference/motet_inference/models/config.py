"""What a Hugging Face config.json says about a decoder: checked, one shape for all families."""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from motet_inference.models.errors import BrokenCheckpoint, UnsupportedModel
from motet_inference.models.experts_config import ExpertsConfig, experts_of
from motet_inference.models.families import DEFAULTS, Family, family_of
from motet_inference.models.gemma_config import GemmaConfig, gemma_of
from motet_inference.models.rope_config import RopeConfig, ropes_of
from motet_inference.models.windows import windows_of
from motet_inference.ranks.shard import ALONE, Shard


@dataclass(frozen=True)
class ModelConfig:
    """A decoder's shape.

    Attributes:
        windows: per layer, how many last positions a query sees, its own included; None is all.
        rope: of all layers, or of those without a window where `local_rope` is that of the others.
        eos_token_ids: of generation_config.json if it is there, else of config.json.
        revision: names the base model in cache keys; see `loader.base_revision`.
        gemma: what Gemmas have and other families do not.
        experts: of the layers that have a mixture of them for their MLP; None where none has.
        fp8: keep the projections' weights in eight bits; a choice of who loads the checkpoint.
        shard: which rank's share is loaded; likewise. The numbers here are those of the whole
            model, `local` has the share's.
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
    local_rope: RopeConfig | None = None
    gemma: GemmaConfig | None = None
    experts: ExpertsConfig | None = None
    fp8: bool = False
    shard: Shard = ALONE

    def __post_init__(self) -> None:
        if self.num_heads % self.num_kv_heads:
            raise BrokenCheckpoint(
                f"config.json: {self.num_heads} heads do not divide over {self.num_kv_heads}"
            )
        if self.head_dim % 2:
            raise UnsupportedModel(f"config.json: head_dim {self.head_dim} is odd")
        if self.shard.size > 1:
            self._refuse_ranks()
        if self.fp8:
            self._refuse_fp8()

    def _refuse_ranks(self) -> None:
        size, kv_heads = self.shard.size, self.num_kv_heads
        counts = {"heads": self.num_heads, "inner features": self.intermediate_size}
        if self.experts is not None:
            counts["inner features of an expert"] = self.experts.inner_size
        if kv_heads > size:  # else one is for several ranks
            counts["key-value heads"] = kv_heads
        elif size % kv_heads:
            raise UnsupportedModel(f"{size} ranks cannot share {kv_heads} key-value heads evenly")
        for what, count in counts.items():
            if count % size:
                raise UnsupportedModel(f"{count} {what} do not divide over {size} ranks")

    def _refuse_fp8(self) -> None:
        if self.experts is not None:
            raise UnsupportedModel("fp8 is not built for experts: load this base without it")
        sizes = self.local.projections
        odd = [name for name, sides in sizes.items() if any(side % 16 for side in sides)]
        if odd:
            raise UnsupportedModel(
                "fp8 takes sides that are multiples of 16 on each rank, unlike "
                f"{odd[0]}'s {sizes[odd[0]]}"
            )

    @cached_property
    def local(self) -> "ModelConfig":
        """The shape of the layers that this rank holds: its heads, its part of inner features."""
        size, experts = self.shard.size, self.experts
        if size == 1:
            return self
        return replace(
            self,
            num_heads=self.num_heads // size,
            num_kv_heads=max(1, self.num_kv_heads // size),
            intermediate_size=self.intermediate_size // size,
            experts=experts and replace(experts, inner_size=experts.inner_size // size),
            shard=ALONE,
        )

    @property
    def head_rows(self) -> int:
        """Rows of the head that this rank has: its part, or all where they do not divide."""
        size = self.shard.size
        return self.vocab_size if self.vocab_size % size else self.vocab_size // size

    @property
    def q_size(self) -> int:
        return self.num_heads * self.head_dim

    @property
    def kv_size(self) -> int:
        return self.num_kv_heads * self.head_dim

    @property
    def score_scale(self) -> float:
        """The factor on attention scores."""
        return float((self.gemma.score_width if self.gemma else self.head_dim) ** -0.5)

    def has_experts(self, layer: int) -> bool:
        """Whether experts stand in the place of this layer's MLP."""
        return self.experts is not None and layer in self.experts.layers

    @cached_property
    def projections(self) -> dict[str, tuple[int, int]]:
        """(in, out) features of the seven projections that an adapter may target.

        Those of the MLP are missing from the layers that have experts.
        """
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
        family = family_of(raw)
        defaults = DEFAULTS[family]
        heads = _required(raw, "num_attention_heads")
        hidden = _required(raw, "hidden_size")
        layers = _required(raw, "num_hidden_layers")
        bias = bool(raw.get("attention_bias", False)) and family not in ("mistral", "qwen2")
        eos = eos_token_id if eos_token_id is not None else raw.get("eos_token_id")
        rope, local_rope = ropes_of(raw, family)
        return cls(
            family=family,
            vocab_size=_required(raw, "vocab_size"),
            hidden_size=hidden,
            intermediate_size=_required(raw, "intermediate_size"),
            num_layers=layers,
            num_heads=heads,
            num_kv_heads=raw.get("num_key_value_heads", defaults.kv_heads) or heads,
            head_dim=raw.get("head_dim") or defaults.head_dim or hidden // heads,
            max_position=raw.get("max_position_embeddings") or defaults.max_position,
            rms_eps=float(raw.get("rms_norm_eps", 1e-6)),
            tie_embeddings=bool(raw.get("tie_word_embeddings", defaults.tied)),
            qkv_bias=family == "qwen2" or bias,
            o_bias=bias,
            qk_norm=family in ("qwen3", "qwen3_moe", "gemma3_text"),
            windows=windows_of(raw, family, layers),
            rope=rope,
            local_rope=local_rope,
            eos_token_ids=() if eos is None else (eos,) if isinstance(eos, int) else tuple(eos),
            gemma=gemma_of(raw, family),
            experts=experts_of(raw, family, layers),
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
