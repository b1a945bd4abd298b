"""A model of a folder's shape whose weights mean nothing: what it costs is all that it tells."""

import zlib
from dataclasses import replace
from pathlib import Path

import torch

from motet_inference.models.config import ModelConfig
from motet_inference.models.llama import CausalLM
from motet_inference.ranks.shard import ALONE, Shard

STD = 0.02


def random_model(
    folder: Path | str,
    *,
    dtype: torch.dtype,
    device: torch.device | str,
    fp8: bool = False,
    shard: Shard = ALONE,
) -> CausalLM:
    """Normal weights, and norms of one. Arguments and errors are those of `loader.load_model`.

    What several ranks all have is the same on each.
    """
    config = replace(ModelConfig.load(folder), fp8=fp8, shard=shard)
    model = CausalLM.empty(config, dtype=dtype, device=device)
    for name, tensor in model.parameters.items():
        torch.manual_seed(zlib.crc32(name.encode()))
        if tensor.ndim == 1:
            tensor.fill_(1.0)
        elif name in model.scales:
            values = torch.empty(tensor.shape, dtype=dtype, device=device)
            model.put(name, values.normal_(0, STD))
        else:
            tensor.normal_(0, STD)
    return model
