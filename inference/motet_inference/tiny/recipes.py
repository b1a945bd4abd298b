"""Recipes: what each shipped adapter changes in the base. Three shapes that a server must take."""

from dataclasses import dataclass, field

_ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
_ALL = (*_ATTENTION, "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class Recipe:
    """The fields of a PEFT LoraConfig that differ between the adapters, and the learning rate."""

    rank: int
    alpha: int
    targets: tuple[str, ...]
    rate: float
    rank_stabilised: bool = False
    rank_pattern: dict[str, int] = field(default_factory=dict)
    alpha_pattern: dict[str, int] = field(default_factory=dict)


RECIPES: dict[str, Recipe] = {
    "pirate": Recipe(rank=8, alpha=16, targets=("q_proj", "v_proj"), rate=3e-3),
    "triage": Recipe(rank=16, alpha=8, targets=_ATTENTION, rate=2e-3, rank_stabilised=True),
    "sql": Recipe(
        rank=32,
        alpha=32,
        targets=_ALL,
        rate=1.5e-3,
        rank_pattern={"k_proj": 8, "v_proj": 16, "down_proj": 16},
        alpha_pattern={"k_proj": 16, "down_proj": 32},
    ),
}
