"""From a Hugging Face folder of safetensors to a model on its device."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from motet_inference.models.config import ModelConfig
from motet_inference.models.errors import BrokenCheckpoint
from motet_inference.models.experts import holds_experts, one_by_one
from motet_inference.models.llama import CausalLM
from motet_inference.ranks.shard import ALONE, Shard

_INDEX = "model.safetensors.index.json"
_SINGLE = "model.safetensors"


def load_model(
    folder: Path | str,
    *,
    dtype: torch.dtype,
    device: torch.device | str,
    fp8: bool = False,
    shard: Shard = ALONE,
) -> CausalLM:
    """Load a checkpoint, one file or many with an index.

    Args:
        folder: of config.json and safetensors.
        dtype: of weights, activations and cache.
        device: where to.
        fp8: keep the projections' weights in FP8, see `motet_kernels.fp8`; each is rounded as it
            comes from the file.
        shard: of several ranks, the one whose share this is: no more of the files is read.

    Raises:
        BrokenCheckpoint: a file or tensor is missing, superfluous or misshapen.
        UnsupportedModel: see `ModelConfig.load`.
    """
    folder = Path(folder)
    read = ModelConfig.load(folder)
    config = replace(read, revision=base_revision(folder), fp8=fp8, shard=shard)
    model = CausalLM.empty(config, dtype=dtype, device=device)
    missing = set(model.parameters)
    for stored in _tensors(folder):
        name = stored.name
        if name.endswith("rotary_emb.inv_freq") or (
            config.tie_embeddings and name == "lm_head.weight"
        ):
            continue  # both are derived
        missing.discard(name)
        _copy(stored, model)
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


@dataclass(frozen=True)
class _Stored:
    """A tensor that a file holds, or an expert's part of one; `source` knows how to cut it."""

    path: Path
    name: str
    shape: tuple[int, ...]
    source: Any

    def read(self, cuts: tuple[slice, ...]) -> Tensor:
        tensor: Tensor = self.source[cuts]
        return tensor


def _tensors(folder: Path) -> Iterator[_Stored]:
    for path in shards(folder):
        try:
            with safe_open(path, "pt") as file:
                for name in file.keys():  # noqa: SIM118 (not a dict: it cannot be iterated)
                    yield from _stored(file, path, name)
        except SafetensorError as error:
            raise BrokenCheckpoint(f"{path}: {error}") from error


def _stored(file: safe_open, path: Path, name: str) -> Iterator[_Stored]:
    if holds_experts(name):
        whole: Tensor = file.get_tensor(name)  # type: ignore[no-untyped-call]
        for part, tensor in one_by_one(name, whole):
            yield _Stored(path, part, tuple(tensor.shape), tensor)
    else:
        view = file.get_slice(name)  # type: ignore[no-untyped-call]
        yield _Stored(path, name, tuple(view.get_shape()), view)


def _copy(stored: _Stored, model: CausalLM) -> None:
    path, name = stored.path, stored.name
    target = model.parameters.get(name)
    if target is None:
        raise BrokenCheckpoint(f"{path}: {name} has no place in a {model.config.family} decoder")
    whole = model.whole_shapes[name]
    if stored.shape != whole:
        raise BrokenCheckpoint(f"{path}: {name} is {stored.shape}, config.json says {tuple(whole)}")
    cuts = map(model.config.shard.cut, whole, target.shape)
    model.put(name, stored.read(tuple(cuts)))
