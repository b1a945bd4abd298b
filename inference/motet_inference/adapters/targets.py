"""Which modules an adapter changes, by how much: PEFT's own matching, module by module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from motet_inference.adapters import patterns
from motet_inference.adapters.peft_config import PeftConfig

_ALL_LINEAR = "all-linear"
_ANY_LAYER = r".*?\.[^.]*\.(\d+)\."


@dataclass(frozen=True)
class Target:
    """One adapted module: its rank and the factor that B is multiplied by."""

    rank: int
    scale: float


def find_targets(config: PeftConfig, modules: Sequence[str]) -> dict[str, Target]:
    """The targets among `modules`, the linear layers of the base by their full names.

    Source: check_target_module_exists and get_pattern_key of peft 0.21. Raises AdapterError
    (adapter_incompatible) for a pattern that cannot be matched.
    """
    chosen = _chosen(config, modules) - _listed(config.exclude_modules, modules)
    targeted = [name for name in modules if name in chosen]
    rank_keys = patterns.first_suffix_matches(list(config.rank_pattern), targeted)
    alpha_keys = patterns.first_suffix_matches(list(config.alpha_pattern), targeted)
    out: dict[str, Target] = {}
    for name in targeted:
        rank = config.rank_pattern.get(rank_keys.get(name, name), config.r)
        alpha = config.alpha_pattern.get(alpha_keys.get(name, name), config.lora_alpha)
        out[name] = Target(rank, config.scale(rank=rank, alpha=alpha))
    return out


def _listed(names: str | tuple[str, ...], modules: Sequence[str]) -> set[str]:
    """Modules that a list of names or suffixes, or one regular expression, selects."""
    if isinstance(names, str):
        return patterns.full_matches(names, modules)
    # A suffix counts only after a dot; the last parts of a module's name are few.
    wanted = set(names)
    return {m for m in modules if not wanted.isdisjoint(_suffixes(m))}


def _suffixes(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[i:]) for i in range(len(parts))]


def _chosen(config: PeftConfig, modules: Sequence[str]) -> set[str]:
    names = config.target_modules
    if isinstance(names, str):
        if names.lower() == _ALL_LINEAR:
            return set(modules)
        return patterns.full_matches(names, modules)
    found = _listed(names, modules)
    if config.layers_to_transform is None:
        return found
    exact = found & set(names)
    rest = [m for m in modules if m in found and m not in exact]
    layers = _layer_numbers(config.layers_pattern, rest)
    return exact | {m for m in rest if layers.get(m) in config.layers_to_transform}


def _layer_numbers(layers_pattern: tuple[str, ...], modules: Sequence[str]) -> dict[str, int]:
    """The number after the first numbered segment, or after the first pattern that matches."""
    expressions = [rf"(?:^|.*?\.){p}\.(\d+)\." for p in layers_pattern] or [_ANY_LAYER]
    out: dict[str, int] = {}
    for found in patterns.match_all(expressions, modules):
        for module, number in found.items():
            out.setdefault(module, int(number))
    return out
