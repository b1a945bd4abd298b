"""From a worker's settings to an engine of the right size."""

from __future__ import annotations

import torch

from motet_inference.adapters.slots import AdapterSlots
from motet_inference.config import WorkerConfig
from motet_inference.engine.config import EngineConfig
from motet_inference.engine.engine import Engine
from motet_inference.models.config import ModelConfig
from motet_inference.models.kv_cache import room
from motet_inference.models.loader import load_model
from motet_inference.ranks import orders
from motet_inference.ranks.collectives import least
from motet_inference.ranks.group import device_of
from motet_inference.ranks.leader import Followers
from motet_inference.ranks.shard import ALONE

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def start_followers(config: WorkerConfig) -> Followers | None:
    """The other ranks; None where the base is on one device. Raises ValueError for too few."""
    size = config.tensor_parallel
    if size == 1:
        return None
    return Followers(size, config.device, threads=config.num_threads)


def build_engine(
    config: WorkerConfig, followers: Followers | None = None
) -> tuple[Engine, AdapterSlots]:
    """Load the base, make room for adapters, give the rest to the cache.

    Raises ModelError for a base that cannot be served, ValueError for sizes that do not fit.
    """
    torch.set_num_threads(config.num_threads)
    shard = followers.shard if followers else ALONE
    device = followers.device if followers else device_of(torch.device(config.device), shard)
    fp8 = config.quantization == "fp8"
    if fp8 and device.type == "cuda" and torch.cuda.get_device_capability(device) < (9, 0):
        raise ValueError(
            "MOTET_WORKER_QUANTIZATION=fp8 needs a device of compute capability 9.0 or more"
        )
    dtype = _DTYPES[config.dtype_name]
    if followers is not None:
        folder, name = str(config.base), config.dtype_name
        followers.tell(orders.Model(folder=folder, dtype=name, fp8=fp8))
    model = load_model(config.base, dtype=dtype, device=device, fp8=fp8, shard=shard)
    slots = AdapterSlots(
        model.config,
        num_slots=config.slots,
        max_rank=config.max_rank,
        dtype=dtype,
        device=device,
        host_bytes=config.host_cache_mb << 20,
        keep=True,  # adapters come from the store, in whose folder nobody else is
        followers=followers,
    )
    try:
        if followers is not None:
            followers.tell(orders.Room())
        bytes_left = least(room(device), shard, device)
        sizes = engine_config(config, model.config, dtype=dtype, room=bytes_left)
        return Engine(model, sizes, slots, tell=followers.tell if followers else None), slots
    except BaseException:
        slots.close()
        raise


def engine_config(
    config: WorkerConfig, model: ModelConfig, *, dtype: torch.dtype, room: int
) -> EngineConfig:
    """Sizes as asked for, or as they fit into `room` bytes of each device."""
    if config.max_context > model.max_position:
        raise ValueError(
            f"MOTET_WORKER_MAX_CONTEXT={config.max_context}, but the base was made for "
            f"{model.max_position}"
        )
    wanted = config.max_context or model.max_position
    blocks = config.blocks or min(
        _blocks_in(room, config, model, dtype=dtype),
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


def _blocks_in(room: int, config: WorkerConfig, model: ModelConfig, *, dtype: torch.dtype) -> int:
    per_block = 2 * model.num_layers * config.block_size * model.local.kv_size * dtype.itemsize
    if room < per_block:
        raise ValueError("the base and the adapter slots leave no memory for the cache")
    return room // per_block
