"""See `motet_kernels.attention`."""

import torch
from torch import Tensor

from motet_kernels._triton.decode import decode_triton
from motet_kernels._triton.prefill import prefill_triton
from motet_kernels.attention import AttentionBatch


def paged_attention_triton(
    q: Tensor,
    k_cache: Tensor,
    v_cache: Tensor,
    batch: AttentionBatch,
    *,
    scale: float,
    window: int | None,
    softcap: float | None,
) -> Tensor:
    """Decode and prefill, each passing over the other's sequences: nothing is read back."""
    out = torch.empty(q.shape, dtype=q.dtype, device=q.device)
    decode_triton(q, k_cache, v_cache, out, batch, scale=scale, window=window, softcap=softcap)
    if batch.max_query > 1:
        prefill_triton(q, k_cache, v_cache, out, batch, scale=scale, window=window, softcap=softcap)
    return out
