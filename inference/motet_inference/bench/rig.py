"""A model, its adapters and an engine, as a case asks for them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from motet_inference.adapters.slot_tensors import Group, LoraWeights
from motet_inference.bench.cases import BatchCase, groups_of
from motet_inference.bench.suite import Suite
from motet_inference.engine.config import EngineConfig
from motet_inference.engine.decode import Watch
from motet_inference.engine.engine import Engine
from motet_inference.engine.messages import AdapterRef
from motet_inference.engine.slots import Slots
from motet_inference.models.config import ModelConfig
from motet_inference.models.llama import CausalLM
from motet_inference.models.loader import load_model

_STD = 0.02


class FilledSlots:
    """Slots that hold random adapters from the start: what a digest names is always resident."""

    def __init__(self, model: CausalLM, case: BatchCase) -> None:
        self.weights = LoraWeights.zeros(
            model.config,
            num_slots=case.adapters,
            max_rank=case.rank,
            dtype=model.dtype,
            device=model.device,
        )
        for layer in self.weights.layers:
            for name, slices in groups_of(case.targets).items():
                if name in layer.groups:
                    _fill(layer.groups[name], slices, case.rank)
        self.weights.ranks.fill_(case.rank)
        self.weights.ranks_host[:] = [case.rank] * case.adapters

    def acquire(self, ref: AdapterRef) -> int | None:
        return int(ref.digest)

    def is_loading(self, ref: AdapterRef) -> bool:
        return False

    def release(self, slot: int) -> None:
        """Nothing is ever evicted."""

    def prefetch(self, ref: AdapterRef) -> None:
        """It is there."""

    def warm(self, ref: AdapterRef) -> None:
        """It is there."""

    def poll(self) -> tuple[list[str], list[str]]:
        return [], []

    def close(self) -> None:
        """There is no thread."""


def build_model(suite: Suite) -> CausalLM:
    """The suite's model. Raises ModelError, and RuntimeError for a device that is not there."""
    dtype: torch.dtype = getattr(torch, suite.dtype)
    fp8 = suite.quantization == "fp8"
    if suite.weights == "file":
        return load_model(suite.model, dtype=dtype, device=suite.device, fp8=fp8)
    config = replace(ModelConfig.load(Path(suite.model)), fp8=fp8)
    model = CausalLM.empty(config, dtype=dtype, device=suite.device)
    for name, tensor in model.parameters.items():
        if tensor.ndim == 1:
            tensor.fill_(1.0)
        elif name in model.scales:
            values = torch.empty(tensor.shape, dtype=dtype, device=suite.device)
            model.put(name, values.normal_(0, _STD))
        else:
            tensor.normal_(0, _STD)
    return model


def build_engine(
    model: CausalLM,
    suite: Suite,
    *,
    requests: int,
    context: int,
    slots: Slots | None,
    prefix_cache: bool = True,
    watch: Watch | None = None,
) -> Engine:
    """Just large enough for so many requests of this context, prompt and output.

    Raises ValueError for a context that the model cannot.
    """
    # One block more for each: a request is seated only while every running one has a spare.
    blocks = requests * (-(-context // suite.block_size) + 1)
    config = EngineConfig(
        num_blocks=blocks + 1,
        max_context=context,
        block_size=suite.block_size,
        max_batch=requests,
        token_budget=max(suite.token_budget, requests),
        prefix_cache=prefix_cache,
    )
    return Engine(model, config, slots, watch=watch)


def _fill(group: Group, slices: list[int], rank: int) -> None:
    starts = [sum(group.slices[:i]) for i in range(len(group.slices))]
    for i in slices:
        group.a[:, i * rank : (i + 1) * rank].normal_(0, _STD)
        group.b[:, starts[i] : starts[i] + group.slices[i]].normal_(0, _STD)
