"""Adapter files for tests, written byte by byte: good ones that fit a base, and their parts."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from motet_platform.adapters.gate.base import ATTENTION, BaseShape

TINY_BASE: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "num_hidden_layers": 2,
    "max_position_embeddings": 256,
    "vocab_size": 64,
}


@dataclass(frozen=True)
class Files:
    """The bytes of an adapter's two files."""

    config: bytes
    model: bytes


def lora_config(**changes: Any) -> dict[str, Any]:
    """What PEFT writes for rank 4 on q_proj and v_proj, changed as told; None removes a key."""
    config = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": "./tiny",
        "bias": "none", "inference_mode": True, "init_lora_weights": True, "r": 4,
        "lora_alpha": 8, "lora_dropout": 0.0, "target_modules": ["q_proj", "v_proj"],
        "modules_to_save": None, "use_dora": False, "use_rslora": False, "rank_pattern": {},
        "alpha_pattern": {}, "fan_in_fan_out": False, "layers_to_transform": None,
        "loftq_config": {}, "peft_version": "0.21.2", "some_future_switch": False,
    }  # fmt: skip
    return config | changes


def tensor_name(layer: int, projection: str, side: str) -> str:
    parent = "self_attn" if projection in ATTENTION else "mlp"
    return f"base_model.model.model.layers.{layer}.{parent}.{projection}.lora_{side}.weight"


def lora_tensors(
    base: Mapping[str, Any],
    *,
    rank: int = 4,
    targets: tuple[str, ...] = ("q_proj", "v_proj"),
    seed: int = 0,
) -> dict[str, np.ndarray[Any, Any]]:
    """A and B of every target in every layer that has it, small random float32."""
    shape = BaseShape.of(base)
    rng = np.random.default_rng(seed)
    tensors = {}
    for layer in range(shape.num_layers):
        for target in targets:
            if target not in ATTENTION and layer in shape.expert_layers:
                continue
            inner, outer = shape.projections[target]
            for side, dims in (("A", (rank, inner)), ("B", (outer, rank))):
                values = rng.normal(0, 0.02, dims).astype(np.float32)
                tensors[tensor_name(layer, target, side)] = values
    return tensors


def header(tensors: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
    """The header that describes `tensors` laid one after the other."""
    position = 0
    entries: dict[str, Any] = {}
    names = {"float32": "F32", "float16": "F16", "uint16": "BF16", "float64": "F64"}
    for name, values in tensors.items():
        end = position + values.nbytes
        entries[name] = {
            "dtype": names[str(values.dtype)],
            "shape": list(values.shape),
            "data_offsets": [position, end],
        }
        position = end
    return entries


def pack(entries: Mapping[str, Any] | bytes, data: bytes) -> bytes:
    """A safetensors file of any header, true or not."""
    text = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + data


def safetensors(tensors: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    return pack(header(tensors), b"".join(v.tobytes() for v in tensors.values()))


def good(
    base: Mapping[str, Any] = TINY_BASE,
    *,
    rank: int = 4,
    targets: tuple[str, ...] = ("q_proj", "v_proj"),
    seed: int = 0,
    **config: Any,
) -> Files:
    """An adapter that the gate takes; `config` changes its adapter_config.json."""
    changes = {"r": rank, "target_modules": list(targets), **config}
    tensors = lora_tensors(base, rank=rank, targets=targets, seed=seed)
    return Files(json.dumps(lora_config(**changes)).encode(), safetensors(tensors))
