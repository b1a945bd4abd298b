"""Which modules a configuration adapts, with which rank and scale: PEFT's own rules.

PEFT matches module names against expressions that the adapter's author wrote. They are run here
under a timer of processor time, since an expression can take for ever.
Source: check_target_module_exists and get_pattern_key of peft 0.21.
"""

from __future__ import annotations

import math
import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TypeVar

from motet_platform.adapters.gate.base import ATTENTION, MLP, BaseShape
from motet_platform.adapters.gate.lora_config import LoraConfig
from motet_platform.adapters.gate.refusal import Refusal, shown

Value = TypeVar("Value")
MAX_SCALE = 1000.0
MATCHING_SECONDS = 2.0
PARENT = dict.fromkeys(ATTENTION, "self_attn") | dict.fromkeys(MLP, "mlp")


@dataclass(frozen=True)
class Target:
    rank: int
    scale: float


def modules_of(base: BaseShape) -> dict[str, int]:
    """Every module that an adapter may change, by its full name -> its layer."""
    return {
        f"model.layers.{layer}.{PARENT[projection]}.{projection}": layer
        for layer in range(base.num_layers)
        for projection in base.projections
        if projection in ATTENTION or layer not in base.expert_layers
    }


def find_targets(config: LoraConfig, base: BaseShape) -> dict[str, Target]:
    """The modules that `config` adapts. Refusals: pattern_invalid, pattern_too_slow,
    scale_out_of_range, target_none."""
    modules = modules_of(base)
    with _timer():
        chosen = _chosen(config, modules) - _listed(config.exclude, modules)
        names = [name for name in modules if name in chosen]
        ranks = _first_match(config.rank_pattern, names)
        alphas = _first_match(config.alpha_pattern, names)
    if not names:
        raise Refusal("target_none", "target_modules selects no projection of this base.")
    out = {}
    for name in names:
        rank, alpha = ranks.get(name, config.rank), alphas.get(name, config.alpha)
        scale = alpha / (math.sqrt(rank) if config.rslora else rank)
        if abs(scale) > MAX_SCALE:
            raise Refusal(
                "scale_out_of_range",
                f"{name}: lora_alpha {alpha:g} at rank {rank} scales by {scale:g}; at most "
                f"{MAX_SCALE:g} is served.",
            )
        out[name] = Target(rank, scale)
    return out


def _chosen(config: LoraConfig, modules: Mapping[str, int]) -> set[str]:
    if config.targets == "all-linear":
        return set(modules)
    found = _listed(config.targets, modules)
    if config.layers is None or isinstance(config.targets, str):
        return found
    # PEFT's choice of layers does not narrow a module that is named in full.
    return {m for m in found if modules[m] in config.layers or m in config.targets}


def _listed(names: str | tuple[str, ...], modules: Mapping[str, int]) -> set[str]:
    """What one expression, or a list of names and their endings, selects."""
    if isinstance(names, str):
        expression = _compiled(names) if names else None
        return {m for m in modules if expression and expression.fullmatch(m)}
    wanted = frozenset(names)
    return {m for m in modules if not wanted.isdisjoint(_endings(m))}


def _endings(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[i:]) for i in range(len(parts))]


def _first_match(pattern: Mapping[str, Value], names: Sequence[str]) -> dict[str, Value]:
    """Each name -> the value of the first key that matches the name, or its end after a dot."""
    out: dict[str, Value] = {}
    for key, value in pattern.items():
        expression = _compiled(rf"(.*\.)?({key})$")
        for name in names:
            if name not in out and expression.match(name):
                out[name] = value
    return out


def _compiled(expression: str) -> re.Pattern[str]:
    try:
        return re.compile(expression)
    except (re.error, RecursionError, OverflowError):
        raise Refusal(
            "pattern_invalid", f"{shown(expression)} is not a regular expression."
        ) from None


@contextmanager
def _timer() -> Iterator[None]:
    """Ends what runs in it after MATCHING_SECONDS; Python's matcher looks for signals."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise Refusal(
            "pattern_too_slow",
            "A pattern in adapter_config.json takes too long to match: name the modules instead.",
        )

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, MATCHING_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
