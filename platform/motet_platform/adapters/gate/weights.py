"""The values themselves: one pass over the file's bytes, in chunks, on the bits.

With the sign bit masked off, floating point numbers order like unsigned integers, and infinities
and NaNs are all at or above the pattern of infinity. So one integer maximum per chunk finds both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np

from motet_platform.adapters.gate.header import DTYPES, Tensor
from motet_platform.adapters.gate.refusal import Refusal, shown

CHUNK = 8 * 1024 * 1024
MAX_WEIGHT = 10_000.0
_INFINITY = {"F32": 0x7F800000, "F16": 0x7C00, "BF16": 0x7F80}


def scan_values(file: BinaryIO, tensors: Sequence[Tensor]) -> str:
    """Refuses NaN, infinity and weights beyond 10,000; returns the SHA-256 of the whole file.

    `tensors` must be in the order of their bytes and cover the data, as `read_header` gives them.
    """
    file.seek(0)
    digest = hashlib.sha256(file.read(tensors[0].begin))
    for tensor in tensors:
        left = tensor.end - tensor.begin
        while left:
            chunk = file.read(min(CHUNK, left))
            if not chunk or len(chunk) % DTYPES[tensor.dtype]:
                raise Refusal("weights_truncated", "The file ended while it was being read.")
            left -= len(chunk)
            digest.update(chunk)
            _refuse_values(tensor, chunk)
    return digest.hexdigest()


def _refuse_values(tensor: Tensor, chunk: bytes) -> None:
    bits = np.frombuffer(chunk, dtype="<u4" if tensor.dtype == "F32" else "<u2")
    infinity = _INFINITY[tensor.dtype]
    magnitude = infinity | (infinity - 1)
    largest = int((bits & bits.dtype.type(magnitude)).max())
    if largest > infinity:
        raise Refusal(
            "weights_nan",
            f"{shown(tensor.name)} holds NaN: the training diverged; use an earlier step.",
        )
    if largest == infinity:
        raise Refusal(
            "weights_infinite",
            f"{shown(tensor.name)} holds infinity: the training diverged; use an earlier step.",
        )
    if _value(largest, tensor.dtype) > MAX_WEIGHT:
        raise Refusal(
            "weights_out_of_range",
            f"{shown(tensor.name)} holds a weight beyond {MAX_WEIGHT:g}: the training diverged.",
        )


def _value(bits: int, dtype: str) -> float:
    if dtype == "F16":
        return float(np.array(bits, dtype=np.uint16).view(np.float16))
    return float(
        np.array(bits << 16 if dtype == "BF16" else bits, dtype=np.uint32).view(np.float32)
    )
