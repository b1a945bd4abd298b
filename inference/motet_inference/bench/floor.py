"""The least time that a decode step can take: what it must read, over the memory's bandwidth."""

from __future__ import annotations

import time

import torch

from motet_inference.adapters.projections import module_paths
from motet_inference.bench.suite import Case
from motet_inference.models.experts import Experts
from motet_inference.models.layers import Mlp
from motet_inference.models.llama import CausalLM

_PROBE_BYTES = {"cuda": 4 << 30, "cpu": 256 << 20}


def step_bytes(model: CausalLM, case: Case) -> int:
    """What one decode step reads in the middle of the output: every weight once, each adapter in
    use once, and the keys and values of every request. The embedding is read by row, unless it is
    also the head; of experts, as many as even choices would reach.
    """
    config, item = model.config, model.dtype.itemsize
    weights = sum(t.nbytes for t in (*model.parameters.values(), *model.scales.values()))
    if not config.tie_embeddings:
        weights -= model.embedding.nbytes
    weights -= sum(_unread(layer.mlp, case.requests) for layer in model.layers)
    adapted = [m for m in module_paths(config) if m.rpartition(".")[2] in case.targets]
    adapter = case.rank * sum(sum(config.projections[m.rpartition(".")[2]]) for m in adapted)
    used = 0 if case.slots_only else min(case.adapters, case.requests)
    context = case.prompt_tokens + case.output_tokens // 2
    cache = case.requests * context * 2 * config.num_layers * config.kv_size
    return weights + item * (used * adapter + cache)


def _unread(mlp: Mlp | Experts, requests: int) -> int:
    """Bytes of the experts that no request chooses, if all are chosen equally often."""
    if isinstance(mlp, Mlp):
        return 0
    share: float = (1 - mlp.config.chosen / mlp.config.num_experts) ** requests
    return round(share * (mlp.gate_up.nbytes + mlp.down.nbytes))


def read_bandwidth(device: torch.device, *, tries: int = 7) -> float:
    """Bytes per second of reading once through a matrix far larger than any cache."""
    columns = 8192
    rows = _PROBE_BYTES[device.type] // (2 * columns)
    matrix = torch.ones(rows, columns, dtype=torch.bfloat16, device=device)
    best = 0.0
    for _ in range(tries):
        _wait(device)
        start = time.perf_counter()
        matrix.view(torch.int32).amax()
        _wait(device)
        best = max(best, matrix.nbytes / (time.perf_counter() - start))
    return best


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
