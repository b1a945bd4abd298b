"""The least time that a decode step and a prompt can take on this device."""

from __future__ import annotations

import time

import msgspec
import torch

from motet_inference.adapters.projections import module_paths
from motet_inference.bench.cases import BatchCase, PeftCase
from motet_inference.bench.clock import wait
from motet_inference.models.experts import Experts
from motet_inference.models.layers import Mlp
from motet_inference.models.llama import CausalLM

_PROBE_BYTES = {"cuda": 4 << 30, "cpu": 256 << 20}
_PROBE_SIDE = {"cuda": 8192, "cpu": 1024}
_TRIES = 7


class Speeds(msgspec.Struct, frozen=True):
    """What the device was seen to do: bytes read, and operations of a large product, a second."""

    read: float
    compute: float

    @classmethod
    def of(cls, device: torch.device, dtype: torch.dtype) -> Speeds:
        return cls(read_bandwidth(device), product_speed(device, dtype))


def step_bytes(model: CausalLM, case: BatchCase | PeftCase) -> int:
    """What one decode step reads in the middle of the output: every weight once, each adapter in
    use once, and the keys and values of every request. The embedding is read by row, unless it is
    also the head; of experts, as many as even choices would reach. Of several ranks, what each
    reads of its share, since they do it at the same time.
    """
    config, item = model.config, model.dtype.itemsize
    weights = sum(t.nbytes for t in (*model.parameters.values(), *model.scales.values()))
    weights -= model.embedding.nbytes
    if config.tie_embeddings:
        weights += model.head.nbytes
    weights -= sum(_unread(layer.mlp, case.requests) for layer in model.layers)
    adapted = [m for m in module_paths(config) if m.rpartition(".")[2] in case.targets]
    sides = config.local.projections
    adapter = case.rank * sum(sum(sides[m.rpartition(".")[2]]) for m in adapted)
    idle = isinstance(case, BatchCase) and case.slots_only
    used = 0 if idle else min(case.adapters, case.requests)
    context = case.prompt_tokens + case.output_tokens // 2
    cache = case.requests * context * 2 * config.num_layers * config.local.kv_size
    return weights + item * (used * adapter + cache)


def _unread(mlp: Mlp | Experts, requests: int) -> int:
    """Bytes of the experts that no request chooses, if all are chosen equally often."""
    if isinstance(mlp, Mlp):
        return 0
    share: float = (1 - mlp.config.chosen / mlp.config.num_experts) ** requests
    return round(share * (mlp.gate_up.nbytes + mlp.down.nbytes))


def prefill_flops(model: CausalLM, case: BatchCase) -> int:
    """Operations of all prompts: every weight once for each token, those of the head once for each
    prompt, and causal attention. A share of a mixture's experts has to do with each token. Of
    several ranks, those of each.
    """
    config, tokens = model.config, case.prompt_tokens
    linear = 0
    for layer in model.layers:
        linear += layer.attention.qkv.weight.numel() + layer.attention.o.weight.numel()
        if isinstance(layer.mlp, Mlp):
            linear += layer.mlp.gate_up.weight.numel() + layer.mlp.down.weight.numel()
        else:
            experts = layer.mlp.gate_up.numel() + layer.mlp.down.numel()
            linear += experts * layer.mlp.config.chosen // layer.mlp.config.num_experts
    attention = config.num_layers * config.local.num_heads * config.head_dim * tokens * (tokens + 1)
    head = model.head.numel()
    return case.requests * 2 * (tokens * linear + attention + head)


def read_bandwidth(device: torch.device) -> float:
    """Bytes per second of reading once through a matrix far larger than any cache."""
    columns = 8192
    rows = _PROBE_BYTES[device.type] // (2 * columns)
    matrix = torch.ones(rows, columns, dtype=torch.bfloat16, device=device)
    best = 0.0
    for _ in range(_TRIES):
        wait(device)
        start = time.perf_counter()
        matrix.view(torch.int32).amax()
        wait(device)
        best = max(best, matrix.nbytes / (time.perf_counter() - start))
    return best


def product_speed(device: torch.device, dtype: torch.dtype) -> float:
    """Operations per second of a product of square matrices."""
    side = _PROBE_SIDE[device.type]
    one, two = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    best = 0.0
    for _ in range(_TRIES):
        wait(device)
        start = time.perf_counter()
        one @ two
        wait(device)
        best = max(best, 2 * side**3 / (time.perf_counter() - start))
    return best
