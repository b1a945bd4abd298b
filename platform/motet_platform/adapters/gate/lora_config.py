"""adapter_config.json: an allow-list. What is not understood, and is switched on, is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from motet_platform.adapters.gate.base import ATTENTION, MLP
from motet_platform.adapters.gate.refusal import Refusal, shown
from motet_platform.adapters.gate.strict_json import parse_object

MAX_BYTES = 64 * 1024
MAX_PATTERNS = 4096
MAX_PATTERN = 1024

# Said about the training or the tool; changes nothing about how the weights are used.
HARMLESS = {
    "task_type", "peft_version", "base_model_name_or_path", "revision", "inference_mode",
    "lora_dropout", "eva_config", "megatron_core", "qalora_group_size", "runtime_config",
}  # fmt: skip
USED = {
    "peft_type", "r", "lora_alpha", "use_rslora", "target_modules", "exclude_modules",
    "layers_to_transform", "layers_pattern", "rank_pattern", "alpha_pattern", "init_lora_weights",
}  # fmt: skip
# Features that change what the weights mean: key -> (code, how to mend it).
FEATURES = {
    "use_dora": ("dora_unsupported", "train with use_dora=False"),
    "modules_to_save": (
        "modules_to_save_unsupported",
        "train without modules_to_save: whole copies of base modules are not served",
    ),
    "layer_replication": ("layer_replication_unsupported", "train without layer_replication"),
    "megatron_config": ("megatron_unsupported", "train without megatron_config"),
    "auto_mapping": ("auto_mapping_unsupported", "remove auto_mapping: no code is ever loaded"),
    "trainable_token_indices": (
        "trainable_tokens_unsupported",
        "train without trainable_token_indices: embeddings belong to the base",
    ),
    "target_parameters": (
        "target_parameters_unsupported",
        "use target_modules; of a mixture of experts, name q_proj, k_proj, v_proj and o_proj alone",
    ),
    "lora_bias": ("lora_bias_unsupported", "train with lora_bias=False"),
    "fan_in_fan_out": ("fan_in_fan_out_unsupported", "train with fan_in_fan_out=False"),
    "use_qalora": ("qalora_unsupported", "train with use_qalora=False"),
    "alora_invocation_tokens": ("alora_unsupported", "train without alora_invocation_tokens"),
    "loftq_config": ("init_unsupported", "LoftQ changes the base: use init_lora_weights=True"),
    "corda_config": ("init_unsupported", "CorDA changes the base: use init_lora_weights=True"),
    "lora_ga_config": ("init_unsupported", "LoRA-GA changes the base: use init_lora_weights=True"),
    "ensure_weight_tying": ("weight_tying_unsupported", "train with ensure_weight_tying=False"),
}
PLAIN_INITS = (True, False, None, "gaussian", "eva", "orthogonal")


@dataclass(frozen=True)
class LoraConfig:
    """What the weights have to agree with.

    `targets` and `exclude`: names and their endings, or one regular expression; `layers`: None is
    all of them.
    """

    rank: int
    alpha: float
    rslora: bool
    rank_pattern: Mapping[str, int]
    alpha_pattern: Mapping[str, float]
    targets: str | tuple[str, ...]
    exclude: str | tuple[str, ...]
    layers: frozenset[int] | None
    trained_on: str

    @classmethod
    def parse(cls, data: bytes, *, max_rank: int) -> LoraConfig:
        if len(data) > MAX_BYTES:
            raise Refusal(
                "config_too_large", f"adapter_config.json is larger than {MAX_BYTES // 1024} KiB."
            )
        raw = parse_object(data, what="adapter_config.json", code="config")
        _refuse_features(raw)
        alpha = raw.get("lora_alpha", 8)
        if not _number(alpha):
            raise Refusal(
                "alpha_invalid", f"lora_alpha must be a finite number, not {shown(alpha)}."
            )
        rslora = raw.get("use_rslora") or False
        if not isinstance(rslora, bool):
            raise Refusal("config_value_invalid", "use_rslora must be true or false.")
        return cls(
            rank=_rank(raw.get("r", 8), "r", max_rank),
            alpha=float(alpha),
            rslora=rslora,
            rank_pattern={
                k: _rank(v, f"rank_pattern[{shown(k)}]", max_rank)
                for k, v in _pattern(raw, "rank_pattern").items()
            },
            alpha_pattern={
                k: _pattern_alpha(k, v) for k, v in _pattern(raw, "alpha_pattern").items()
            },
            targets=_targets(raw.get("target_modules")),
            exclude=_names("exclude_modules", raw.get("exclude_modules") or ()),
            layers=_layers(raw),
            trained_on=str(raw.get("base_model_name_or_path") or "")[:300],
        )


def _off(value: object) -> bool:
    return value is None or value is False or value in ("", "none") or value in ([], {})


def _refuse_features(raw: Mapping[str, Any]) -> None:
    kind = raw.get("peft_type")
    if kind != "LORA":
        raise Refusal(
            "peft_type_unsupported", f"peft_type is {shown(kind)}: only LORA adapters are served."
        )
    if raw.get("task_type") not in (None, "CAUSAL_LM"):
        raise Refusal(
            "task_type_unsupported",
            f"task_type is {shown(raw['task_type'])}: train for CAUSAL_LM.",
        )
    if not _off(raw.get("bias")):
        raise Refusal("bias_unsupported", 'bias must be "none": train without bias terms.')
    for key, (code, mend) in FEATURES.items():
        if not _off(raw.get(key)):
            raise Refusal(code, f"{key} is set: {mend}.")
    init = raw.get("init_lora_weights", True)
    if not any(init is plain or (isinstance(init, str) and init == plain) for plain in PLAIN_INITS):
        raise Refusal(
            "init_unsupported",
            f"init_lora_weights {shown(init)} changes the base's weights: save with PEFT's "
            "path_initial_model_for_weight_conversion, which makes a plain LoRA of it.",
        )
    for key, value in raw.items():
        if key not in HARMLESS | USED | FEATURES.keys() | {"bias"} and not _off(value):
            raise Refusal(
                "config_key_unknown",
                f"adapter_config.json sets {shown(key)}, which is not understood here: remove it "
                "or switch it off.",
            )


def _number(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    # An integer of hundreds of digits is no float either.
    return abs(value) <= 1e9 and math.isfinite(value)


def _rank(value: object, where: str, max_rank: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Refusal("rank_invalid", f"{where} must be a positive integer, not {shown(value)}.")
    if value > max_rank:
        raise Refusal("rank_too_large", f"{where} is {shown(value)}; at most {max_rank} is served.")
    return value


def _pattern_alpha(key: str, value: object) -> float:
    if not _number(value):
        raise Refusal("alpha_invalid", f"alpha_pattern[{shown(key)}] must be a finite number.")
    return float(value)  # type: ignore[arg-type]


def _pattern(raw: Mapping[str, Any], field: str) -> dict[str, Any]:
    value = raw.get(field) or {}
    if not isinstance(value, dict) or len(value) > MAX_PATTERNS:
        raise Refusal(
            "pattern_invalid", f"{field} must be an object of at most {MAX_PATTERNS} entries."
        )
    for key in value:
        if len(key) > MAX_PATTERN:
            raise Refusal(
                "pattern_invalid", f"{field} has a key of more than {MAX_PATTERN} characters."
            )
    return value


def _names(field: str, value: object) -> str | tuple[str, ...]:
    if isinstance(value, str) and len(value) <= MAX_PATTERN:
        return value
    if isinstance(value, list | tuple) and all(isinstance(v, str) for v in value):
        return tuple(value)
    raise Refusal("targets_invalid", f"{field} must be a list of names, or one expression.")


def _targets(value: object) -> str | tuple[str, ...]:
    names = _names("target_modules", value)
    if not names:
        raise Refusal("targets_invalid", "target_modules is empty.")
    if isinstance(names, str):
        return "all-linear" if names.lower() == "all-linear" else names
    known = ATTENTION + MLP
    for name in names:
        if name.rsplit(".", 1)[-1] not in known:
            raise Refusal(
                "target_unsupported",
                f"target_modules names {shown(name)}; served are {', '.join(known)}.",
            )
    return names


def _layers(raw: Mapping[str, Any]) -> frozenset[int] | None:
    pattern = raw.get("layers_pattern")
    if not _off(pattern) and pattern not in ("layers", ["layers"]):
        raise Refusal("layers_invalid", f'layers_pattern is {shown(pattern)}: only "layers" fits.')
    value = raw.get("layers_to_transform")
    if value is None or value == []:
        return None
    numbers = value if isinstance(value, list) else [value]
    if not all(isinstance(n, int) and not isinstance(n, bool) for n in numbers):
        raise Refusal("layers_invalid", "layers_to_transform must be layer numbers.")
    return frozenset(numbers)
