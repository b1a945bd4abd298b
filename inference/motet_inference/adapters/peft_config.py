"""adapter_config.json, read as PEFT reads it, and refused where it asks for what is not served."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from motet_inference.adapters.errors import AdapterError
from motet_inference.adapters.files import CONFIG_FILE, MAX_BYTES

_MAX_BYTES = MAX_BYTES[CONFIG_FILE]
# Harmless whatever they say: they steer training, or name what is never fetched or imported.
_IGNORED = {
    "auto_mapping", "base_model_name_or_path", "ensure_weight_tying", "eva_config",
    "fan_in_fan_out", "inference_mode", "lora_dropout", "megatron_core", "peft_type",
    "peft_version", "qalora_group_size", "revision", "runtime_config", "task_type",
}  # fmt: skip
_READ = {
    "alpha_pattern", "bias", "exclude_modules", "init_lora_weights", "layers_pattern",
    "layers_to_transform", "lora_alpha", "r", "rank_pattern", "target_modules", "use_rslora",
}  # fmt: skip
# The other ways of initialising (pissa, olora, corda, loftq...) change the base's own weights.
_INITS = {"gaussian", "eva", "orthogonal", "true", "false"}


@dataclass(frozen=True)
class PeftConfig:
    """What of a LoRA's configuration has a meaning for serving."""

    r: int
    lora_alpha: float
    target_modules: str | tuple[str, ...]
    use_rslora: bool = False
    exclude_modules: str | tuple[str, ...] = ()
    layers_to_transform: tuple[int, ...] | None = None
    layers_pattern: tuple[str, ...] = ()
    rank_pattern: dict[str, int] = field(default_factory=dict)
    alpha_pattern: dict[str, float] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> PeftConfig:
        """Raises AdapterError: adapter_unavailable if unreadable, else adapter_incompatible."""
        try:
            with path.open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
        except OSError as error:
            raise AdapterError("adapter_unavailable", f"{path.name} cannot be read.") from error
        if len(data) > _MAX_BYTES:
            raise _refused(f"is larger than {_MAX_BYTES} bytes")
        try:
            raw = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise _refused("is not JSON") from error
        if not isinstance(raw, dict):
            raise _refused("is not a JSON object")
        return cls.from_dict(raw)

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> PeftConfig:
        """Raises AdapterError (adapter_incompatible) that names the option at fault."""
        _refuse_unserved(raw)
        return cls(
            r=_rank("r", raw.get("r", 8)),
            lora_alpha=_number("lora_alpha", raw.get("lora_alpha", 8)),
            target_modules=_targets(raw),
            use_rslora=_flag(raw, "use_rslora"),
            exclude_modules=_names("exclude_modules", raw.get("exclude_modules") or ()),
            layers_to_transform=_layers(raw.get("layers_to_transform")),
            layers_pattern=_layers_pattern(raw.get("layers_pattern")),
            rank_pattern={k: _rank("rank_pattern", v) for k, v in _dict(raw, "rank_pattern")},
            alpha_pattern={k: _number("alpha_pattern", v) for k, v in _dict(raw, "alpha_pattern")},
        )

    def scale(self, *, rank: int, alpha: float) -> float:
        """What PEFT multiplies B A x by."""
        return alpha / math.sqrt(rank) if self.use_rslora else alpha / rank


def _refused(what: str) -> AdapterError:
    return AdapterError("adapter_incompatible", f"adapter_config.json {what}.")


def _refuse_unserved(raw: dict[str, Any]) -> None:
    if raw.get("peft_type") != "LORA":
        raise _refused("is not of peft_type LORA, the only one served")
    if raw.get("bias", "none") != "none":
        raise _refused("trains biases (bias), which are not served; train with bias='none'")
    if str(raw.get("init_lora_weights", True)).lower() not in _INITS:
        raise _refused(
            "has an init_lora_weights that changes the base model's weights; save the adapter with "
            "path_initial_model_for_weight_conversion"
        )
    for name, value in raw.items():
        if name not in _IGNORED and name not in _READ and value not in (None, False, "", [], {}):
            raise _refused(f"sets {name[:80]}, which is not served")


def _targets(raw: dict[str, Any]) -> str | tuple[str, ...]:
    value = raw.get("target_modules")
    if not value:
        raise _refused("has no target_modules")
    return _names("target_modules", value)


def _names(option: str, value: Any) -> str | tuple[str, ...]:
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value):
        return tuple(value)
    raise _refused(f"has a {option} that is neither text nor a list of names")


def _layers(value: Any) -> tuple[int, ...] | None:
    if value is None or value == []:
        return None
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(v, int) and not isinstance(v, bool) for v in values):
        raise _refused("has a layers_to_transform that is not of layer numbers")
    return tuple(values)


def _layers_pattern(value: Any) -> tuple[str, ...]:
    names = _names("layers_pattern", value or ())
    return (names,) if isinstance(names, str) else names


def _flag(raw: dict[str, Any], option: str) -> bool:
    value = raw.get(option, False)
    if not isinstance(value, bool):
        raise _refused(f"has a {option} that is neither true nor false")
    return value


def _dict(raw: dict[str, Any], option: str) -> list[tuple[str, Any]]:
    value = raw.get(option) or {}
    if not isinstance(value, dict):
        raise _refused(f"has a {option} that is not an object")
    return list(value.items())


def _rank(option: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _refused(f"has a rank in {option} that is not a positive whole number")
    return value


def _number(option: str, value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise _refused(f"has a number in {option} that is not finite")
    return float(value)
