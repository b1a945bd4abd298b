"""Which layers see a sliding window only."""

from typing import Any

from motet_inference.models.errors import UnsupportedModel
from motet_inference.models.families import GEMMAS, Family

# Every so many layers, one of a Gemma sees all.
_PATTERN: dict[Family, int] = {"gemma2": 2, "gemma3_text": 6}


def windows_of(raw: dict[str, Any], family: Family, layers: int) -> tuple[int | None, ...]:
    """Per layer, how many last positions a query sees, its own included; None is all.

    Mistral's window holds for all layers, Qwen's and Gemma's for those that their layer types say,
    or without these Qwen's depth and Gemma's pattern.
    """
    window: int | None = raw.get("sliding_window", 4096)
    if family == "llama" or window is None:
        return (None,) * layers
    if family == "mistral":
        return (window,) * layers
    if family not in GEMMAS and not raw.get("use_sliding_window", False):
        return (None,) * layers
    slides = _sliding(raw, family, layers)
    return tuple(window if slide else None for slide in slides)


def _sliding(raw: dict[str, Any], family: Family, layers: int) -> list[bool]:
    types = raw.get("layer_types")
    if types is None and family in GEMMAS:
        pattern = raw.get("sliding_window_pattern") or _PATTERN[family]
        return [(i + 1) % pattern != 0 for i in range(layers)]
    if types is None:
        return [i >= raw.get("max_window_layers", 28) for i in range(layers)]
    if len(types) != layers or set(types) - {"full_attention", "sliding_attention"}:
        raise UnsupportedModel(f"config.json: layer_types {types!r}")
    return [kind == "sliding_attention" for kind in types]
