"""Hostile adapter files for tests, each with the code that it must get; no library writes these."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from motet_platform.adapters.sample import (
    TINY_BASE,
    Files,
    good,
    header,
    lora_config,
    lora_tensors,
    pack,
    safetensors,
)

__all__ = [
    "HOSTILE",
    "TINY_BASE",
    "Files",
    "good",
    "header",
    "lora_config",
    "lora_tensors",
    "pack",
    "safetensors",
]

Make = Callable[[Mapping[str, Any]], Files]


def _config(**changes: Any) -> Make:
    return lambda base: Files(json.dumps(lora_config(**changes)).encode(), good(base).model)


def _config_bytes(data: bytes) -> Make:
    return lambda base: Files(data, good(base).model)


def _model(make: Callable[[dict[str, np.ndarray[Any, Any]]], bytes]) -> Make:
    return lambda base: Files(good(base).config, make(lora_tensors(base)))


def _model_bytes(data: bytes) -> Make:
    return _model(lambda _: data)


def _header(change: Callable[[dict[str, Any]], object]) -> Make:
    """The true data under a header that `change` has altered in place."""

    def make(tensors: dict[str, np.ndarray[Any, Any]]) -> bytes:
        entries = header(tensors)
        change(entries)
        return pack(entries, b"".join(v.tobytes() for v in tensors.values()))

    return _model(make)


def _first(entries: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = next(iter(entries.values()))
    return entry


def _last(entries: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = list(entries.values())[-1]
    return entry


def _twice_as_long(entry: dict[str, Any]) -> None:
    (rows, columns), (begin, end) = entry["shape"], entry["data_offsets"]
    entry.update(shape=[2 * rows, columns], data_offsets=[begin, begin + 2 * (end - begin)])


def _renamed(old: str, new: str) -> Make:
    """The first tensor whose name holds `old` gets `new` in its place."""

    def make(tensors: dict[str, np.ndarray[Any, Any]]) -> bytes:
        name = next(n for n in tensors if old in n)
        return safetensors({n.replace(old, new) if n == name else n: v for n, v in tensors.items()})

    return _model(make)


def _added(name: str, values: np.ndarray[Any, Any]) -> Make:
    return _model(lambda tensors: safetensors({**tensors, name: values}))


def _poisoned(value: float) -> Make:
    def make(tensors: dict[str, np.ndarray[Any, Any]]) -> bytes:
        next(reversed(tensors.values())).flat[-1] = value
        return safetensors(tensors)

    return _model(make)


def _duplicate_tensor(tensors: dict[str, np.ndarray[Any, Any]]) -> bytes:
    text = json.dumps(header(tensors))
    name = json.dumps(next(iter(tensors)))
    twin = f'{{{name}: {{"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]}}, '
    return pack((twin + text[1:]).encode(), b"".join(v.tobytes() for v in tensors.values()))


_MATRIX = np.zeros((4, 4), dtype=np.float32)
_PREFIX = "base_model.model.model."
_BACKTRACKS = r"([a-z._0-9]+)+!"

# name of the case -> (the code it must get, its files for a base)
HOSTILE: dict[str, tuple[str, Make]] = {
    # the container
    "empty file": ("weights_empty", _model_bytes(b"")),
    "five bytes": ("weights_empty", _model_bytes(b"\0\1\2\3\4")),
    "pickle": ("weights_pickle", _model_bytes(b"\x80\x04\x95cos\nsystem\n(S'id'\ntR.")),
    "torch zip": ("weights_pickle", _model_bytes(b"PK\x03\x04" + bytes(64))),
    "gzip": ("weights_archive", _model_bytes(b"\x1f\x8b\x08" + bytes(64))),
    "gguf": ("weights_gguf", _model_bytes(b"GGUF\x03\0\0\0" + bytes(64))),
    "numpy": ("weights_numpy", _model_bytes(b"\x93NUMPY\x01\0" + bytes(64))),
    "hdf5": ("weights_hdf5", _model_bytes(b"\x89HDF\r\n\x1a\n" + bytes(64))),
    "header of 2^63 bytes": ("header_too_large", _model_bytes(struct.pack("<Q", 2**63))),
    "header of 9 MiB": ("header_too_large", _model_bytes(pack(b" " * (9 << 20), b""))),
    "header cut": ("header_truncated", _model_bytes(struct.pack("<Q", 500) + b'{"a": 1')),
    "header not utf-8": ("header_not_utf8", _model_bytes(pack(b'{"\xff\xfe": 1}', b""))),
    "header not json": ("header_not_json", _model_bytes(pack(b"{'a': 1}", b""))),
    "header nested without end": ("header_not_json", _model_bytes(pack(b"[" * 200_000, b""))),
    "header with NaN": ("header_not_json", _model_bytes(pack(b'{"a": NaN}', b""))),
    "header a list": ("header_not_object", _model_bytes(pack(b"[]", b""))),
    "tensor named twice": ("header_duplicate_key", _model(_duplicate_tensor)),
    "400,000 tensors": (
        "header_too_many_tensors",
        _model_bytes(
            pack(("{" + ",".join(f'"{i:x}":1' for i in range(400_000)) + "}").encode(), b"")
        ),
    ),
    "no tensors": ("weights_no_tensors", _model_bytes(pack(b"{}", b""))),
    "metadata not text": ("metadata_invalid", _header(lambda h: h.update(__metadata__={"a": 1}))),
    "data cut": ("weights_truncated", _model(lambda t: safetensors(t)[:-10])),
    "bytes after the data": ("weights_trailing_bytes", _model(lambda t: safetensors(t) + b"more")),
    # one tensor's entry
    "entry with a foreign field": (
        "tensor_entry_invalid",
        _header(lambda h: _first(h).update(code="x")),
    ),
    "entry not an object": ("tensor_entry_invalid", _header(lambda h: h.update(a=3))),
    "dtype unknown": ("tensor_dtype_unsupported", _header(lambda h: _first(h).update(dtype="I8"))),
    "dtype not text": ("tensor_dtype_unsupported", _header(lambda h: _first(h).update(dtype=[]))),
    "side of zero": (
        "tensor_shape_invalid",
        _header(lambda h: _first(h).update(shape=[0, 2**40], data_offsets=[0, 0])),
    ),
    "negative side": ("tensor_shape_invalid", _header(lambda h: _first(h).update(shape=[-4, -32]))),
    "three sides": ("tensor_shape_invalid", _header(lambda h: _first(h).update(shape=[1, 4, 32]))),
    "shape overflow": (
        "tensor_size_mismatch",
        _header(lambda h: _first(h).update(shape=[2**33, 2**33])),
    ),
    "shape a lie": ("tensor_size_mismatch", _header(lambda h: _first(h).update(shape=[4, 33]))),
    "negative offset": (
        "tensor_offsets_invalid",
        _header(lambda h: _first(h).update(data_offsets=[-512, 0])),
    ),
    "offsets reversed": (
        "tensor_offsets_invalid",
        _header(lambda h: _first(h).update(data_offsets=[512, 0])),
    ),
    "offsets past the end": (
        "weights_truncated",
        _header(lambda h: _twice_as_long(_last(h))),
    ),
    "overlap": (
        "tensor_overlap",
        _header(lambda h: [_last(h).update(data_offsets=[0, 256]), _last(h).update(shape=[16, 4])]),
    ),
    "gap": ("tensor_gap", _header(lambda h: h.pop(next(iter(h))))),
    # names
    "path as a name": ("tensor_name_invalid", _added("../../etc/passwd", _MATRIX)),
    "name with a control character": ("tensor_name_invalid", _added("a\x00b", _MATRIX)),
    "name of 10,000 characters": ("tensor_name_invalid", _added("a" * 10_000, _MATRIX)),
    "foreign name": ("tensor_name_unknown", _renamed("base_model.model.", "transformer.")),
    "module in the wrong place": ("tensor_name_unknown", _renamed("self_attn", "mlp")),
    "layer with a leading zero": ("tensor_name_unknown", _renamed("layers.0.", "layers.00.")),
    "layer beyond the base": ("layer_out_of_range", _renamed("layers.1.", "layers.99.")),
    "unknown projection": ("target_unsupported", _renamed("q_proj", "z_proj")),
    "lm_head": ("target_unsupported", _added("base_model.model.lm_head.lora_A.weight", _MATRIX)),
    "an expert": (
        "experts_unsupported",
        _added(_PREFIX + "layers.0.mlp.experts.7.up_proj.lora_A.weight", _MATRIX),
    ),
    "all experts of a layer": (
        "experts_unsupported",
        _added(_PREFIX + "layers.0.mlp.experts.base_layer.lora_A.weight", _MATRIX),
    ),
    "a router": (
        "experts_unsupported",
        _added(_PREFIX + "layers.0.mlp.gate.lora_A.weight", _MATRIX),
    ),
    "embeddings": (
        "embedding_unsupported",
        _added(_PREFIX + "embed_tokens.lora_embedding_A", _MATRIX),
    ),
    "a whole weight": (
        "full_weights_unsupported",
        _added(_PREFIX + "layers.0.self_attn.q_proj.weight", _MATRIX),
    ),
    "a bias": ("bias_unsupported", _added(_PREFIX + "layers.0.self_attn.q_proj.bias", _MATRIX)),
    "dora's magnitude": (
        "dora_unsupported",
        _added(_PREFIX + "layers.0.self_attn.q_proj.lora_magnitude_vector.weight", _MATRIX),
    ),
    # the pair
    "A without B": (
        "pair_incomplete",
        _model(
            lambda t: safetensors(
                {n: v for n, v in t.items() if "layers.1.self_attn.v_proj.lora_B" not in n}
            )
        ),
    ),
    "rank not as declared": ("rank_mismatch", _config(r=8)),
    "wrong base": (
        "shape_mismatch",
        lambda base: good({**base, "hidden_size": 2 * base["hidden_size"]}),
    ),
    "weights that target_modules does not name": (
        "target_mismatch",
        _config(target_modules=["q_proj"]),
    ),
    "target without weights": (
        "target_without_weights",
        _config(target_modules=["q_proj", "v_proj", "k_proj"]),
    ),
    # values
    "NaN": ("weights_nan", _poisoned(float("nan"))),
    "infinity": ("weights_infinite", _poisoned(float("-inf"))),
    "huge weight": ("weights_out_of_range", _poisoned(3e8)),
    # adapter_config.json
    "config of 65 KiB": ("config_too_large", _config(revision="x" * (65 << 10))),
    "config not utf-8": ("config_not_utf8", _config_bytes(b"\xff\xfe{}")),
    "config not json": ("config_not_json", _config_bytes(b"r: 4")),
    "config nested without end": ("config_not_json", _config_bytes(b'{"a":' * 12_000)),
    "config number of 60,000 digits": (
        "config_not_json",
        _config_bytes(b'{"r": 1' + b"0" * 60_000 + b"}"),
    ),
    "config a list": ("config_not_object", _config_bytes(b"[4]")),
    "config key twice": ("config_duplicate_key", _config_bytes(b'{"r": 4, "r": 64}')),
    "unknown key switched on": ("config_key_unknown", _config(use_new_thing=True)),
    "rslora not a switch": ("config_value_invalid", _config(use_rslora="yes")),
    "IA3": ("peft_type_unsupported", _config(peft_type="IA3")),
    "AdaLoRA": ("peft_type_unsupported", _config(peft_type="ADALORA")),
    "a classifier": ("task_type_unsupported", _config(task_type="SEQ_CLS")),
    "DoRA": ("dora_unsupported", _config(use_dora=True)),
    "bias all": ("bias_unsupported", _config(bias="all")),
    "modules_to_save": ("modules_to_save_unsupported", _config(modules_to_save=["lm_head"])),
    "layer_replication": ("layer_replication_unsupported", _config(layer_replication=[[0, 2]])),
    "megatron": ("megatron_unsupported", _config(megatron_config={"a": 1})),
    "code by auto_mapping": (
        "auto_mapping_unsupported",
        _config(auto_mapping={"base_model_class": "Evil", "parent_library": "os"}),
    ),
    "trainable tokens": ("trainable_tokens_unsupported", _config(trainable_token_indices=[1])),
    "target_parameters": ("target_parameters_unsupported", _config(target_parameters=["w"])),
    "lora_bias": ("lora_bias_unsupported", _config(lora_bias=True)),
    "fan_in_fan_out": ("fan_in_fan_out_unsupported", _config(fan_in_fan_out=True)),
    "QALoRA": ("qalora_unsupported", _config(use_qalora=True)),
    "aLoRA": ("alora_unsupported", _config(alora_invocation_tokens=[5])),
    "PiSSA": ("init_unsupported", _config(init_lora_weights="pissa")),
    "LoftQ": ("init_unsupported", _config(loftq_config={"loftq_bits": 4})),
    "weight tying": ("weight_tying_unsupported", _config(ensure_weight_tying=True)),
    "target lm_head": ("target_unsupported", _config(target_modules=["q_proj", "lm_head"])),
    "targets a number": ("targets_invalid", _config(target_modules=7)),
    "no targets": ("targets_invalid", _config(target_modules=None)),
    "rank zero": ("rank_invalid", _config(r=0)),
    "rank true": ("rank_invalid", _config(r=True)),
    "rank too large": ("rank_too_large", _config(r=4096)),
    "rank too large by pattern": ("rank_too_large", _config(rank_pattern={"q_proj": 512})),
    "alpha infinite": ("config_not_json", _config(lora_alpha=float("inf"))),
    "alpha text": ("alpha_invalid", _config(lora_alpha="8")),
    "alpha of 400 digits": ("alpha_invalid", _config(lora_alpha=10**400)),
    "scale out of range": ("scale_out_of_range", _config(lora_alpha=1e6)),
    "pattern a list": ("pattern_invalid", _config(rank_pattern=[1])),
    "pattern not an expression": ("pattern_invalid", _config(rank_pattern={"(": 4})),
    "pattern that backtracks": ("pattern_too_slow", _config(rank_pattern={_BACKTRACKS: 4})),
    "targets that backtrack": ("pattern_too_slow", _config(target_modules=_BACKTRACKS)),
    "targets that fit nothing": ("target_none", _config(target_modules="nothing")),
    "layers not numbers": ("layers_invalid", _config(layers_to_transform=["0"])),
    "layers by another name": ("layers_invalid", _config(layers_pattern="h")),
}
