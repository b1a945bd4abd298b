"""Which projections an adapter may target, and how they are grouped under one base GEMM each."""

from __future__ import annotations

from dataclasses import dataclass

from motet_inference.models.config import ModelConfig

# The slices of each group, in the order in which the base's merged weight holds their rows.
GROUPS: dict[str, tuple[str, ...]] = {
    "qkv": ("q_proj", "k_proj", "v_proj"),
    "o": ("o_proj",),
    "gate_up": ("gate_proj", "up_proj"),
    "down": ("down_proj",),
}
_PARENT = {"qkv": "self_attn", "o": "self_attn", "gate_up": "mlp", "down": "mlp"}


@dataclass(frozen=True)
class GroupShape:
    """One group's sizes: `in_features`, and the out features of each slice."""

    in_features: int
    slices: tuple[int, ...]

    @property
    def out_features(self) -> int:
        return sum(self.slices)


def group_shapes(config: ModelConfig) -> dict[str, GroupShape]:
    """The four groups; see `groups_of_layer` for which of them a layer has."""
    sizes = config.projections
    return {
        group: GroupShape(sizes[names[0]][0], tuple(sizes[name][1] for name in names))
        for group, names in GROUPS.items()
    }


def groups_of_layer(config: ModelConfig, layer: int) -> tuple[str, ...]:
    """The groups that this layer has: experts leave no MLP to adapt."""
    return ("qkv", "o") if config.has_experts(layer) else tuple(GROUPS)


def module_paths(config: ModelConfig) -> dict[str, tuple[int, str, int]]:
    """The name of every module that may be targeted -> (layer, group, index of its slice)."""
    return {
        f"model.layers.{layer}.{_PARENT[group]}.{name}": (layer, group, index)
        for layer in range(config.num_layers)
        for group in groups_of_layer(config, layer)
        for index, name in enumerate(GROUPS[group])
    }
