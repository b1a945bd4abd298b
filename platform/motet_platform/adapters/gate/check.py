"""The whole gate, in the order of cost: config, header, tensors, values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from motet_platform.adapters.gate.base import BaseShape
from motet_platform.adapters.gate.header import read_header
from motet_platform.adapters.gate.lora_config import MAX_BYTES, LoraConfig
from motet_platform.adapters.gate.lora_tensors import check_tensors
from motet_platform.adapters.gate.weights import scan_values


def check(config: Path, model: Path, base: Mapping[str, Any], *, max_rank: int) -> dict[str, Any]:
    """Facts about a good adapter, ready for JSON: rank, targets, parameters, sha256 and so on.

    `base` is the base model's config.json. Raises Refusal for the first thing that is wrong.
    """
    with config.open("rb") as file:
        lora = LoraConfig.parse(file.read(MAX_BYTES + 1), max_rank=max_rank)
    with model.open("rb") as file:
        tensors = read_header(file, model.stat().st_size)
        summary = check_tensors(tensors, lora, BaseShape.of(base))
        sha256 = scan_values(file, tensors)
    return {
        **asdict(summary),
        "alpha": lora.alpha,
        "rslora": lora.rslora,
        "trained_on": lora.trained_on,
        "model_sha256": sha256,
    }
