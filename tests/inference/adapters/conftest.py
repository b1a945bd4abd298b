"""A tiny random base and adapters made for it by the public peft package."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from motet_inference.models.config import ModelConfig
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

torch.set_num_threads(1)

HF_CONFIG = LlamaConfig(
    vocab_size=64,
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=16,
    tie_word_embeddings=False,
)


@pytest.fixture
def base() -> ModelConfig:
    return ModelConfig.from_dict(HF_CONFIG.to_dict())


@pytest.fixture
def make_adapter(tmp_path: Path) -> Callable[..., tuple[Path, PeftModel]]:
    """make_adapter(**LoraConfig fields) -> (folder as peft saves it, the model it was saved of)."""
    count = 0

    def make(seed: int = 0, **fields: Any) -> tuple[Path, PeftModel]:
        nonlocal count
        count += 1
        torch.manual_seed(seed)
        fields = {"task_type": "CAUSAL_LM", "init_lora_weights": True, **fields}
        model = get_peft_model(LlamaForCausalLM(HF_CONFIG), LoraConfig(**fields))
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                torch.nn.init.normal_(parameter, std=0.1)
        folder = tmp_path / f"adapter-{count}"
        model.save_pretrained(str(folder))
        return folder, model

    return make


@pytest.fixture
def edit_config() -> Callable[..., None]:
    def edit(folder: Path, **fields: Any) -> None:
        path = folder / "adapter_config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))

    return edit


@pytest.fixture
def edit_tensors() -> Callable[[Path, Callable[[dict[str, torch.Tensor]], None]], None]:
    def edit(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
        path = folder / "adapter_model.safetensors"
        tensors = load_file(path)
        change(tensors)
        save_file(tensors, path)

    return edit
