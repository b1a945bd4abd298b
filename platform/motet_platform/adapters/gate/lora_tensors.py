"""Whether the tensors are a LoRA of this base: names, pairs, ranks and shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from motet_platform.adapters.gate.base import BaseShape
from motet_platform.adapters.gate.header import Tensor
from motet_platform.adapters.gate.lora_config import LoraConfig
from motet_platform.adapters.gate.refusal import Refusal, shown
from motet_platform.adapters.gate.targets import PARENT, Target, find_targets

_PLAIN = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*")
# Of a mixture: its experts one by one or all at once, and the router.
_EXPERTS = re.compile(r"\.mlp\.(experts\.|gate\.)")
_MEND_EXPERTS = "train on q_proj, k_proj, v_proj and o_proj"
_LORA = re.compile(
    r"base_model\.model\.(model\.layers\.(0|[1-9][0-9]{0,4})\.(self_attn|mlp)\.([a-z_]+))"
    r"\.lora_([AB])\.weight"
)


@dataclass(frozen=True)
class Summary:
    """What the owner is shown of a good adapter."""

    rank: int
    targets: tuple[str, ...]
    layers: int
    parameters: int
    dtypes: tuple[str, ...]


def check_tensors(tensors: Sequence[Tensor], config: LoraConfig, base: BaseShape) -> Summary:
    """Refuses anything that is not, exactly, A and B of projections that `base` has."""
    pairs: dict[str, dict[str, Tensor]] = {}
    for tensor in tensors:
        module, side = _place(tensor.name, base)
        pairs.setdefault(module, {})[side] = tensor
    targets = find_targets(config, base)
    _check_targets(pairs, targets)
    for module, sides in pairs.items():
        _check_pair(module, sides, targets[module].rank, base)
    return Summary(
        rank=max(target.rank for target in targets.values()),
        targets=tuple(p for p in PARENT if any(m.endswith("." + p) for m in pairs)),
        layers=len({module.split(".")[2] for module in pairs}),
        parameters=sum(t.shape[0] * t.shape[1] for t in tensors),
        dtypes=tuple(sorted({t.dtype for t in tensors})),
    )


def _place(name: str, base: BaseShape) -> tuple[str, str]:
    """The module a tensor belongs to, and A or B."""
    match = _LORA.fullmatch(name)
    if match is None or _EXPERTS.search(name):
        raise _unknown_name(name)
    module, layer, parent, projection, side = match.groups()
    if parent == "mlp" and int(layer) in base.expert_layers:
        raise Refusal(
            "experts_unsupported",
            f"{shown(name)}: this layer has experts, which adapters do not reach: {_MEND_EXPERTS}.",
        )
    if projection not in base.projections:
        raise Refusal(
            "target_unsupported",
            f"{shown(name)} adapts {projection}; served are {', '.join(base.projections)}.",
        )
    if PARENT[projection] != parent:
        raise Refusal("tensor_name_unknown", f"{shown(name)}: the base has no such module.")
    if int(layer) >= base.num_layers:
        raise Refusal(
            "layer_out_of_range",
            f"{shown(name)}: the base has layers 0 to {base.num_layers - 1}. Was this trained on "
            "another base?",
        )
    return module, side


def _unknown_name(name: str) -> Refusal:
    if not _PLAIN.fullmatch(name) or len(name) > 300:
        return Refusal("tensor_name_invalid", f"{shown(name)} is not a name that PEFT writes.")
    if _EXPERTS.search(name):
        return Refusal(
            "experts_unsupported",
            f"{shown(name)} adapts experts or their router, which is not served: {_MEND_EXPERTS}.",
        )
    if "lora_magnitude_vector" in name:
        return Refusal("dora_unsupported", f"{shown(name)} is DoRA's: train with use_dora=False.")
    if "lora_embedding" in name or "embed_tokens" in name:
        return Refusal(
            "embedding_unsupported", f"{shown(name)} adapts the embeddings: leave them out."
        )
    if name.endswith(".bias"):
        return Refusal("bias_unsupported", f"{shown(name)} is a bias: train without bias terms.")
    if "lm_head" in name:
        return Refusal("target_unsupported", f"{shown(name)} adapts lm_head: leave it out.")
    if "lora_" not in name:
        return Refusal(
            "full_weights_unsupported",
            f"{shown(name)} is a whole weight, not a LoRA matrix: save the adapter alone.",
        )
    return Refusal(
        "tensor_name_unknown",
        f"{shown(name)} is not of the form "
        "base_model.model.model.layers.N.self_attn.q_proj.lora_A.weight.",
    )


def _check_targets(pairs: Mapping[str, object], targets: Mapping[str, Target]) -> None:
    """The file holds weights of exactly the modules that the configuration adapts."""
    mend = "send the two files of one training."
    for module in pairs:
        if module not in targets:
            raise Refusal(
                "target_mismatch", f"{module} has weights, and target_modules leaves it out: {mend}"
            )
    for module in targets:
        if module not in pairs:
            raise Refusal(
                "target_without_weights",
                f"target_modules takes in {module}, without weights: {mend}",
            )


def _check_pair(module: str, sides: Mapping[str, Tensor], rank: int, base: BaseShape) -> None:
    if len(sides) != 2:
        missing = "B" if "A" in sides else "A"
        raise Refusal("pair_incomplete", f"{module} has no lora_{missing}.weight.")
    inner, outer = base.projections[module.rsplit(".", 1)[-1]]
    down, up = sides["A"].shape, sides["B"].shape
    if down[0] != rank or up[1] != rank:
        raise Refusal(
            "rank_mismatch",
            f"{module}: adapter_config.json says rank {rank}, the weights say {down[0]} (A) and "
            f"{up[1]} (B).",
        )
    if down[1] != inner or up[0] != outer:
        raise Refusal(
            "shape_mismatch",
            f"{module}: the base takes {inner} and gives {outer} features, the adapter {down[1]} "
            f"and {up[0]}. Was this trained on another base?",
        )
