"""The paged store of keys and values, all layers."""

from dataclasses import dataclass

import torch
from torch import Tensor

from motet_inference.models.config import ModelConfig

_CPU_BYTES = 1 << 30
# Of a CUDA device's memory; what is left is for activations and the libraries' workspaces.
_CUDA_SHARE = 0.9


def room(device: torch.device) -> int:
    """Bytes that a cache may take beside what is on the device already; negative for none."""
    if device.type != "cuda":
        return _CPU_BYTES
    free, total = torch.cuda.mem_get_info(device)
    return free - int(total * (1 - _CUDA_SHARE))


@dataclass(frozen=True)
class KVCache:
    """Keys and values of each layer, [num_blocks, block_size, num_kv_heads, head_dim].

    Of several ranks each has those of its own heads, in the same blocks.
    """

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
        """Zeroed. It takes `2 * num_layers * num_blocks * block_size * local.kv_size` elements."""
        shape = (num_blocks, block_size, config.local.num_kv_heads, config.head_dim)

        def layers() -> tuple[Tensor, ...]:
            return tuple(
                torch.zeros(shape, dtype=dtype, device=device) for _ in range(config.num_layers)
            )

        return cls(keys=layers(), values=layers(), block_size=block_size)
