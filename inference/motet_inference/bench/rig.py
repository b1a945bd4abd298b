"""A model, its adapters and an engine, as a case asks for them."""

from __future__ import annotations

import torch

from motet_inference.adapters.slot_tensors import LoraWeights
from motet_inference.bench.cases import BatchCase
from motet_inference.bench.suite import Suite
from motet_inference.engine.config import EngineConfig
from motet_inference.engine.decode import Watch
from motet_inference.engine.engine import Engine
from motet_inference.engine.messages import AdapterRef
from motet_inference.engine.slots import Slots
from motet_inference.models.llama import CausalLM
from motet_inference.models.loader import load_model
from motet_inference.models.random_weights import random_model
from motet_inference.ranks import orders
from motet_inference.ranks.group import device_of
from motet_inference.ranks.leader import Followers
from motet_inference.ranks.shard import ALONE


class FilledSlots:
    """Slots that hold random adapters from the start: what a digest names is always resident."""

    def __init__(
        self, model: CausalLM, case: BatchCase, followers: Followers | None = None
    ) -> None:
        if followers is not None:
            slots = orders.Slots(num_slots=case.adapters, max_rank=case.rank, host_bytes=1)
            followers.tell(slots)
            followers.tell(orders.Fill(rank=case.rank, targets=case.targets))
        self.weights = LoraWeights.zeros(
            model.config,
            num_slots=case.adapters,
            max_rank=case.rank,
            dtype=model.dtype,
            device=model.device,
        )
        self.weights.randomise(case.targets, rank=case.rank)

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


def build_model(suite: Suite, followers: Followers | None = None) -> CausalLM:
    """The suite's model, or rank 0's share of it: then the followers load theirs.

    Raises ModelError, and RuntimeError or ValueError for a device that is not there.
    """
    fp8, random = suite.quantization == "fp8", suite.weights == "random"
    shard = followers.shard if followers else ALONE
    device = followers.device if followers else device_of(torch.device(suite.device), shard)
    if followers is not None:
        name = suite.dtype
        followers.tell(orders.Model(folder=suite.model, dtype=name, fp8=fp8, random=random))
    load = random_model if random else load_model
    dtype: torch.dtype = getattr(torch, suite.dtype)
    return load(suite.model, dtype=dtype, device=device, fp8=fp8, shard=shard)


def build_engine(
    model: CausalLM,
    suite: Suite,
    *,
    requests: int,
    context: int,
    slots: Slots | None,
    prefix_cache: bool = True,
    watch: Watch | None = None,
    followers: Followers | None = None,
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
    tell = followers.tell if followers else None
    return Engine(model, config, slots, tell=tell, watch=watch)
