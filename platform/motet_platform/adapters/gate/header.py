"""The header of a safetensors file, read and checked before any tensor is looked at.

Layout: 8 bytes, little-endian length n; n bytes of JSON {name: {dtype, shape, data_offsets}}; data.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from motet_platform.adapters.gate.refusal import Refusal, shown
from motet_platform.adapters.gate.strict_json import parse_object

# A 70B adapter over all projections has a header of 140 KB; one over 128 experts 37,000 tensors.
MAX_HEADER = 8 * 1024 * 1024
MAX_TENSORS = 50_000
DTYPES = {"F32": 4, "F16": 2, "BF16": 2}

_SAVE = "save the adapter with PEFT's save_pretrained(safe_serialization=True)"
_FOREIGN = (
    (b"PK\x03\x04", "weights_pickle", f"is a zip, such as torch.save writes: {_SAVE}"),
    (b"\x80\x02", "weights_pickle", f"is a pickle, which is code: {_SAVE}"),
    (b"\x80\x03", "weights_pickle", f"is a pickle, which is code: {_SAVE}"),
    (b"\x80\x04", "weights_pickle", f"is a pickle, which is code: {_SAVE}"),
    (b"\x80\x05", "weights_pickle", f"is a pickle, which is code: {_SAVE}"),
    (b"\x1f\x8b", "weights_archive", "is a gzip archive: send the file itself"),
    (b"\x28\xb5\x2f\xfd", "weights_archive", "is a zstd archive: send the file itself"),
    (b"GGUF", "weights_gguf", f"is a GGUF file: {_SAVE}"),
    (b"\x89HDF", "weights_hdf5", f"is an HDF5 file: {_SAVE}"),
    (b"\x93NUMPY", "weights_numpy", f"is a NumPy file: {_SAVE}"),
)


@dataclass(frozen=True)
class Tensor:
    """`begin` and `end` are offsets into the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def read_header(file: BinaryIO, size: int) -> list[Tensor]:
    """The tensors in the order of their bytes, which cover the data exactly once.

    `size` is the file's true length. Refusals: weights_*, header_*, tensor_* codes.
    """
    start = file.read(8)
    _refuse_foreign(start)
    if len(start) < 8:
        raise Refusal("weights_empty", f"adapter_model.safetensors is empty or cut: {_SAVE}.")
    length = int.from_bytes(start, "little")
    if length > MAX_HEADER:
        raise Refusal(
            "header_too_large",
            f"The safetensors header claims {length} bytes; at most {MAX_HEADER} are read.",
        )
    data = file.read(length)
    if len(data) < length:
        raise Refusal("header_truncated", "The file ends inside its header: upload it whole.")
    entries = parse_object(data, what="The safetensors header", code="header")
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise Refusal("metadata_invalid", "__metadata__ in the header must map text to text.")
    if not entries:
        raise Refusal("weights_no_tensors", "The file holds no tensors.")
    if len(entries) > MAX_TENSORS:
        raise Refusal(
            "header_too_many_tensors",
            f"The file holds {len(entries)} tensors; at most {MAX_TENSORS} are served.",
        )
    origin = 8 + length
    tensors = [_tensor(name, entry, origin) for name, entry in entries.items()]
    tensors.sort(key=lambda tensor: (tensor.begin, tensor.end))
    _refuse_layout(tensors, origin, size)
    return tensors


def _refuse_foreign(start: bytes) -> None:
    for magic, code, why in _FOREIGN:
        if start.startswith(magic):
            raise Refusal(code, f"adapter_model.safetensors {why}.")


def _tensor(name: str, entry: Any, origin: int) -> Tensor:
    if not isinstance(entry, Mapping) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise Refusal(
            "tensor_entry_invalid",
            f"{shown(name)} must have dtype, shape and data_offsets, and nothing else.",
        )
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise Refusal(
            "tensor_dtype_unsupported",
            f"{shown(name)} is {shown(dtype)}: save it as {', '.join(DTYPES)}.",
        )
    if not _whole(shape) or len(shape) != 2 or min(shape) < 1:
        raise Refusal(
            "tensor_shape_invalid",
            f"{shown(name)} has shape {shown(shape)}: a LoRA matrix has two positive sides.",
        )
    if not _whole(offsets) or len(offsets) != 2 or not 0 <= offsets[0] <= offsets[1]:
        raise Refusal("tensor_offsets_invalid", f"{shown(name)} has offsets {shown(offsets)}.")
    if math.prod(shape) * DTYPES[dtype] != offsets[1] - offsets[0]:
        raise Refusal(
            "tensor_size_mismatch",
            f"{shown(name)}: shape {shown(shape)} of {dtype} does not fill its bytes.",
        )
    return Tensor(name, dtype, tuple(shape), origin + offsets[0], origin + offsets[1])


def _whole(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(v, int) and not isinstance(v, bool) and abs(v) < 2**62 for v in value
    )


def _refuse_layout(tensors: list[Tensor], origin: int, size: int) -> None:
    """Each byte of the data belongs to exactly one tensor."""
    position = origin
    for tensor in tensors:
        if tensor.begin < position:
            raise Refusal(
                "tensor_overlap", f"{shown(tensor.name)} shares bytes with another tensor."
            )
        if tensor.begin > position:
            raise Refusal("tensor_gap", f"Bytes before {shown(tensor.name)} belong to no tensor.")
        position = tensor.end
    if position > size:
        raise Refusal(
            "weights_truncated",
            f"The header promises {position} bytes and the file has {size}: upload it whole.",
        )
    if position < size:
        raise Refusal("weights_trailing_bytes", f"{size - position} bytes follow the last tensor.")
