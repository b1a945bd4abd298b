"""From a Hugging Face folder of safetensors to a model on its device."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from motet_inference.models.config import ModelConfig
from motet_inference.models.errors import BrokenCheckpoint
from motet_inference.models.experts import one_by_one
from motet_inference.models.llama import CausalLM

_INDEX = "model.safetensors.index.json"
_SINGLE = "model.safetensors"


def load_model(
    folder: Path | str, *, dtype: torch.dtype, device: torch.device | str, fp8: bool = False
) -> CausalLM:
    """Load a checkpoint, one file or many with an index.

    Args:
        folder: of config.json and safetensors.
        dtype: of weights, activations and cache.
        device: where to.
        fp8: keep the projections' weights in FP8, see `motet_kernels.fp8`; each is rounded as it
            comes from the file.

    Raises:
        BrokenCheckpoint: a file or tensor is missing, superfluous or misshapen.
        UnsupportedModel: see `ModelConfig.load`.
    """
    folder = Path(folder)
    config = replace(ModelConfig.load(folder), revision=base_revision(folder), fp8=fp8)
    model = CausalLM.empty(config, dtype=dtype, device=device)
    missing = set(model.parameters)
    for path, name, tensor in _tensors(folder):
        if name.endswith("rotary_emb.inv_freq") or (
            config.tie_embeddings and name == "lm_head.weight"
        ):
            continue  # both are derived
        missing.discard(name)
        _copy(path, name, tensor, model)
    if missing:
        raise BrokenCheckpoint(f"{folder}: no tensor {sorted(missing)[0]} ({len(missing)} missing)")
    return model


def base_revision(folder: Path) -> str:
    """A name for the folder's weights, for cache keys.

    It covers the configuration, and of each weight file its size, header and last 64 KiB: hashing
    all of a checkpoint would cost minutes at each start.
    """
    digest = hashlib.sha256((folder / "config.json").read_bytes())
    for path in shards(folder):
        size = path.stat().st_size
        with path.open("rb") as file:
            header = file.read(8)
            header += file.read(min(int.from_bytes(header, "little"), size))
            file.seek(max(0, size - 65536))
            tail = file.read()
        for part in (path.name.encode(), str(size).encode(), header, tail):
            digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def shards(folder: Path) -> list[Path]:
    """The weight files, as the index names them; without one, the single file."""
    index = folder / _INDEX
    if not index.is_file():
        if not (folder / _SINGLE).is_file():
            raise BrokenCheckpoint(f"{folder}: neither {_SINGLE} nor {_INDEX}")
        return [folder / _SINGLE]
    try:
        names = sorted(set(json.loads(index.read_text())["weight_map"].values()))
    except (ValueError, KeyError, AttributeError) as error:
        raise BrokenCheckpoint(f"{index}: not a safetensors index") from error
    for name in names:
        if Path(name).name != name or not (folder / name).is_file():
            raise BrokenCheckpoint(f"{index}: no file {name}")
    return [folder / name for name in names]


def _tensors(folder: Path) -> Iterator[tuple[Path, str, Tensor]]:
    for path in shards(folder):
        try:
            with safe_open(path, "pt") as file:
                for name in file.keys():  # noqa: SIM118 (not a dict: it cannot be iterated)
                    for part, tensor in one_by_one(name, file.get_tensor(name)):
                        yield path, part, tensor
        except SafetensorError as error:
            raise BrokenCheckpoint(f"{path}: {error}") from error


def _copy(path: Path, name: str, source: Tensor, model: CausalLM) -> None:
    target = model.parameters.get(name)
    if target is None:
        raise BrokenCheckpoint(f"{path}: {name} has no place in a {model.config.family} decoder")
    if source.shape != target.shape:
        raise BrokenCheckpoint(
            f"{path}: {name} is {tuple(source.shape)}, config.json says {tuple(target.shape)}"
        )
    model.put(name, source)
