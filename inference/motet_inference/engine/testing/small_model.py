"""A model that is small, random and quick, and an engine around it."""

from dataclasses import replace
from typing import Any

import torch

from motet_inference.engine.config import EngineConfig
from motet_inference.engine.engine import Engine
from motet_inference.engine.slots import Slots
from motet_inference.models.config import ModelConfig
from motet_inference.models.llama import CausalLM
from motet_inference.models.rope_config import RopeConfig


def small_config(**changes: Any) -> ModelConfig:
    """Two layers of a grouped-query Llama with a vocabulary of 61."""
    config = ModelConfig(
        family="llama",
        vocab_size=61,
        hidden_size=32,
        intermediate_size=48,
        num_layers=2,
        num_heads=4,
        num_kv_heads=2,
        head_dim=8,
        max_position=512,
        rms_eps=1e-6,
        tie_embeddings=False,
        qkv_bias=False,
        o_bias=False,
        qk_norm=False,
        windows=(None, None),
        rope=RopeConfig(),
        eos_token_ids=(0,),
        revision="small",
    )
    return replace(config, **changes)


def small_model(config: ModelConfig | None = None, *, seed: int = 0) -> CausalLM:
    """Random weights, large enough that every part has a say in the next token."""
    model = CausalLM.empty(config or small_config(), dtype=torch.float32, device="cpu")
    generator = torch.Generator().manual_seed(seed)
    for tensor in model.parameters.values():
        values = torch.randn(tensor.shape, generator=generator)
        tensor.copy_(1 + 0.2 * values if tensor.ndim == 1 else 0.3 * values)
    return model


def small_engine(
    model: CausalLM | None = None, *, slots: Slots | None = None, **limits: Any
) -> Engine:
    """An engine of 64 blocks of 4 tokens."""
    fields: dict[str, Any] = {
        "num_blocks": 64,
        "block_size": 4,
        "max_context": 128,
        "max_batch": 16,
        "token_budget": 32,
    }
    return Engine(model or small_model(), EngineConfig(**(fields | limits)), slots)
