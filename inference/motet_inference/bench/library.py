"""Adapters as a worker's store has them: PEFT files under their digests, checked on arrival."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

from motet_inference.adapters.files import CONFIG_FILE, WEIGHTS_FILE
from motet_inference.adapters.projections import module_paths
from motet_inference.adapters.store import AdapterStore
from motet_inference.bench.cases import Projection
from motet_inference.bench.clock import Deadline
from motet_inference.engine.messages import AdapterRef
from motet_inference.models.config import ModelConfig
from motet_inference.rpc.digest import adapter_digest

_STD = 0.02
_LIMIT = 1 << 50  # nothing is dropped


def make_library(
    folder: Path,
    config: ModelConfig,
    *,
    count: int,
    rank: int,
    targets: tuple[Projection, ...],
    weight_files: int,
    deadline: Deadline,
) -> list[AdapterRef]:
    """`count` adapters in a store below `folder`, in bfloat16.

    The first ones, as many as there are `weight_files` (0: all), are fetched as a worker fetches
    them, which hashes and syncs them. Each other one is a hard link to one of those files beside a
    configuration with another lora_alpha: files whose hashes are known, and a digest, a scale and
    values of B that no other has. Raises OutOfTime, OSError, AdapterError.
    """
    files = min(count, weight_files or count)
    store, source = folder / "store", folder / "source"
    refs = []
    hashes: list[str] = []
    for i in range(files):
        deadline.check()
        source.mkdir(parents=True)
        _write_weights(source / WEIGHTS_FILE, config, rank, targets, seed=i)
        content = _config(rank, targets, alpha=2 * rank)
        (source / CONFIG_FILE).write_bytes(content)
        hashes.append(_sha256(source / WEIGHTS_FILE))
        digest = adapter_digest(hashlib.sha256(content).hexdigest(), hashes[i])
        path = asyncio.run(_fetch(store, digest, source.as_uri()))
        refs.append(AdapterRef(digest=digest, path=str(path), rank=rank))
        shutil.rmtree(source)
    for i in range(files, count):
        content = _config(rank, targets, alpha=2 * rank + i // files)
        digest = adapter_digest(hashlib.sha256(content).hexdigest(), hashes[i % files])
        path = store / digest
        path.mkdir()
        os.link(Path(refs[i % files].path) / WEIGHTS_FILE, path / WEIGHTS_FILE)
        (path / CONFIG_FILE).write_bytes(content)
        refs.append(AdapterRef(digest=digest, path=str(path), rank=rank))
    return refs


async def _fetch(folder: Path, digest: str, uri: str) -> Path:
    store = AdapterStore(folder, limit=_LIMIT)
    try:
        async with store.use(digest, uri) as path:
            return path
    finally:
        await store.close()


def _config(rank: int, targets: tuple[Projection, ...], *, alpha: int) -> bytes:
    fields = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": rank,
        "lora_alpha": alpha,
        "target_modules": list(targets),
    }
    return json.dumps(fields).encode()


def _write_weights(
    path: Path, config: ModelConfig, rank: int, targets: tuple[Projection, ...], *, seed: int
) -> None:
    """Random values: one draw for all, of which each tensor is a part."""
    modules = [m for m in module_paths(config) if m.rpartition(".")[2] in targets]
    sizes = [config.projections[m.rpartition(".")[2]] for m in modules]
    generator = torch.Generator().manual_seed(seed)
    total = sum(rank * (inputs + outputs) for inputs, outputs in sizes)
    values = torch.empty(total).normal_(0, _STD, generator=generator).to(torch.bfloat16)
    tensors, at = {}, 0
    for module, (inputs, outputs) in zip(modules, sizes, strict=True):
        for name, shape in (("A", (rank, inputs)), ("B", (outputs, rank))):
            size = shape[0] * shape[1]
            tensors[f"base_model.model.{module}.lora_{name}.weight"] = values[at : at + size].view(
                shape
            )
            at += size
    save_file(tensors, path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
