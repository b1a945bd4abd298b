"""The paged store of keys and values, all layers."""

from dataclasses import dataclass

import torch
from torch import Tensor

from motet_inference.models.config import ModelConfig


@dataclass(frozen=True)
class KVCache:
    """Keys and values of each layer, [num_blocks, block_size, num_kv_heads, head_dim]."""

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    block_size: int

    @classmethod
    def build(
        cls,
        config: ModelConfig,
        *,
        num_blocks: int,
        block_size: int,
        dtype: torch.dtype,
        device: torch.device | str,
    ) -> "KVCache":
        """Zeroed. It takes `2 * num_layers * num_blocks * block_size * kv_size` elements."""
        shape = (num_blocks, block_size, config.num_kv_heads, config.head_dim)

        def layers() -> tuple[Tensor, ...]:
            return tuple(
                torch.zeros(shape, dtype=dtype, device=device) for _ in range(config.num_layers)
            )

        return cls(keys=layers(), values=layers(), block_size=block_size)
