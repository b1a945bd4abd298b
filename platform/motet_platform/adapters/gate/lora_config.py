"""adapter_config.json: an allow-list. What is not understood, and is switched on, is refused."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from motet_platform.adapters.gate.base import ATTENTION, MLP
from motet_platform.adapters.gate.refusal import Refusal, shown
from motet_platform.adapters.gate.strict_json import parse_object

MAX_BYTES = 64 * 1024
MAX_PATTERNS = 4096
MAX_SCALE = 1000.0

# Said about the training or the tool; changes nothing about how the weights are used.
HARMLESS = {
    "task_type", "peft_version", "base_model_name_or_path", "revision", "inference_mode",
    "lora_dropout", "exclude_modules", "layers_to_transform", "layers_pattern", "eva_config",
    "megatron_core", "qalora_group_size", "runtime_config",
}  # fmt: skip
USED = {
    "peft_type", "r", "lora_alpha", "use_rslora", "target_modules", "rank_pattern",
    "alpha_pattern", "init_lora_weights",
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
        "use target_modules, not target_parameters",
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

_LITERAL = re.compile(r"\^?[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*")


@dataclass(frozen=True)
class LoraConfig:
    """What the weights have to agree with. `targets` is None for a wildcard or `all-linear`."""

    rank: int
    alpha: float
    rslora: bool
    rank_pattern: Mapping[str, int]
    alpha_pattern: Mapping[str, float]
    targets: tuple[str, ...] | None
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
            trained_on=str(raw.get("base_model_name_or_path") or "")[:300],
        )

    def rank_of(self, module: str) -> int:
        """The rank of a module, by PEFT's rule: the first pattern that matches, else `r`."""
        return next((r for k, r in self.rank_pattern.items() if _matches(k, module)), self.rank)

    def scale_of(self, module: str) -> float:
        """alpha / r, or alpha / sqrt(r) for rsLoRA. Refusal `scale_out_of_range` beyond 1,000."""
        alpha = next((a for k, a in self.alpha_pattern.items() if _matches(k, module)), self.alpha)
        rank = self.rank_of(module)
        scale = alpha / (math.sqrt(rank) if self.rslora else rank)
        if abs(scale) > MAX_SCALE:
            raise Refusal(
                "scale_out_of_range",
                f"{module}: lora_alpha {alpha:g} at rank {rank} scales by {scale:g}; "
                f"at most {MAX_SCALE:g} is served.",
            )
        return scale


def _matches(pattern: str, module: str) -> bool:
    if pattern.startswith("^"):
        return module == pattern[1:]
    return module == pattern or module.endswith("." + pattern)


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
        if len(key) > 200 or not _LITERAL.fullmatch(key):
            raise Refusal(
                "pattern_not_literal",
                f"{field} has the key {shown(key)}: write module names or their endings, "
                "such as model.layers.0.self_attn.q_proj, not regular expressions.",
            )
    return value


def _targets(value: object) -> tuple[str, ...] | None:
    """PEFT's list of endings. A string is `all-linear` or a regular expression, never evaluated:
    the tensors themselves say which modules are adapted."""
    if value is None or isinstance(value, str):
        return None
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value) or not value:
        raise Refusal("targets_invalid", "target_modules must be a list of names, or a string.")
    known = ATTENTION + MLP
    for name in value:
        if name.rsplit(".", 1)[-1] not in known:
            raise Refusal(
                "target_unsupported",
                f"target_modules names {shown(name)}; served are {', '.join(known)}.",
            )
    return tuple(value)
