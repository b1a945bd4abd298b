# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""See `motet_kernels.kv_store`."""

import triton
import triton.language as tl
from torch import Tensor

from motet_kernels._triton.launch import power_of_two


@triton.jit
def _store_kv(
    k, v, k_cache, v_cache, slots, k_stride, v_stride, WIDTH: tl.constexpr, BLOCK: tl.constexpr
):
    token = tl.program_id(0).to(tl.int64)
    slot = tl.load(slots + token)
    if slot >= 0:
        i = tl.arange(0, BLOCK)
        live = i < WIDTH
        tl.store(k_cache + slot * WIDTH + i, tl.load(k + token * k_stride + i, mask=live), live)
        tl.store(v_cache + slot * WIDTH + i, tl.load(v + token * v_stride + i, mask=live), live)


def store_kv_triton(
    k: Tensor, v: Tensor, k_cache: Tensor, v_cache: Tensor, slot_mapping: Tensor
) -> None:
    """Copy rows to slots; one program for each token."""
    tokens, kv_heads, dim = k.shape
    if tokens:
        _store_kv[(tokens,)](
            k, v, k_cache, v_cache, slot_mapping, k.stride(0), v.stride(0),
            WIDTH=kv_heads * dim, BLOCK=power_of_two(kv_heads * dim), num_warps=4,
        )  # fmt: skip
