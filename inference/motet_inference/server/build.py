"""From a worker's settings to an engine of the right size."""

from __future__ import annotations

import torch

from motet_inference.adapters.slots import AdapterSlots
from motet_inference.config import WorkerConfig
from motet_inference.engine.config import EngineConfig
from motet_inference.engine.engine import Engine
from motet_inference.models.config import ModelConfig
from motet_inference.models.loader import load_model

_CPU_CACHE_BYTES = 1 << 30
# Of a CUDA device's memory; what is left is for activations and the libraries' workspaces.
_CUDA_SHARE = 0.9
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def build_engine(config: WorkerConfig) -> tuple[Engine, AdapterSlots]:
    """Load the base, make room for adapters, give the rest to the cache.

    Raises ModelError for a base that cannot be served, ValueError for sizes that do not fit.
    """
    torch.set_num_threads(config.num_threads)
    device = torch.device(config.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"MOTET_WORKER_DEVICE={config.device}, but there is no CUDA device")
    fp8 = config.quantization == "fp8"
    if fp8 and device.type == "cuda" and torch.cuda.get_device_capability(device) < (9, 0):
        raise ValueError(
            "MOTET_WORKER_QUANTIZATION=fp8 needs a device of compute capability 9.0 or more"
        )
    dtype = _DTYPES[config.dtype_name]
    model = load_model(config.base, dtype=dtype, device=device, fp8=fp8)
    slots = AdapterSlots(
        model.config,
        num_slots=config.slots,
        max_rank=config.max_rank,
        dtype=dtype,
        device=device,
        host_bytes=config.host_cache_mb << 20,
    )
    try:
        sizes = engine_config(config, model.config, dtype=dtype, device=device)
        return Engine(model, sizes, slots), slots
    except BaseException:
        slots.close()
        raise


def engine_config(
    config: WorkerConfig, model: ModelConfig, *, dtype: torch.dtype, device: torch.device
) -> EngineConfig:
    """Sizes as asked for, or as they fit beside what is on the device already."""
    if config.max_context > model.max_position:
        raise ValueError(
            f"MOTET_WORKER_MAX_CONTEXT={config.max_context}, but the base was made for "
            f"{model.max_position}"
        )
    wanted = config.max_context or model.max_position
    blocks = config.blocks or min(
        _blocks_that_fit(config, model, dtype=dtype, device=device),
        # Room for a full batch of full contexts, and as much again for prefixes worth keeping.
        2 * config.max_batch * -(-wanted // config.block_size),
    )
    return EngineConfig(
        num_blocks=blocks,
        max_context=config.max_context or min(wanted, blocks * config.block_size),
        block_size=config.block_size,
        max_batch=config.max_batch,
        token_budget=config.token_budget,
    )


def _blocks_that_fit(
    config: WorkerConfig, model: ModelConfig, *, dtype: torch.dtype, device: torch.device
) -> int:
    per_block = 2 * model.num_layers * config.block_size * model.kv_size * dtype.itemsize
    if device.type != "cuda":
        return max(1, _CPU_CACHE_BYTES // per_block)
    free, total = torch.cuda.mem_get_info(device)
    room = free - int(total * (1 - _CUDA_SHARE))
    if room < per_block:
        raise ValueError("the base and the adapter slots leave no memory for the cache")
    return room // per_block
