"""The rotary tables against those of transformers."""

from typing import Any

import pytest
import torch
from motet_inference.models.config import ModelConfig
from motet_inference.models.rope import inverse_frequencies, rope_tables
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

SCALINGS: dict[str, dict[str, Any]] = {
    "default": {"rope_type": "default", "rope_theta": 10000.0},
    "linear": {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0},
    "llama3": {
        "rope_type": "llama3",
        "rope_theta": 500000.0,
        "factor": 32.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    },
}


@pytest.mark.parametrize("kind", SCALINGS)
def test_tables_equal_those_of_transformers(kind: str) -> None:
    theirs = LlamaConfig(
        hidden_size=256,
        num_attention_heads=2,
        max_position_embeddings=1024,
        rope_parameters=SCALINGS[kind],
    )
    config = ModelConfig.from_dict(theirs.to_dict())
    reference = LlamaRotaryEmbedding(theirs)
    torch.testing.assert_close(
        inverse_frequencies(config.rope, 128), reference.inv_freq, rtol=1e-6, atol=0
    )
    cos, sin = rope_tables(config.rope, 128, 1024, "cpu")
    wide_cos, wide_sin = reference(torch.zeros(1), torch.arange(1024)[None])
    torch.testing.assert_close(cos, wide_cos[0, :, :64], rtol=0, atol=1e-4)
    torch.testing.assert_close(sin, wide_sin[0, :, :64], rtol=0, atol=1e-4)
