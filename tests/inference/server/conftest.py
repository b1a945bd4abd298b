"""A tiny random base with a byte-level tokenizer, and adapters for it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from motet_inference.config import WorkerConfig
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.rpc.digest import adapter_digest
from motet_inference.server.tokenizer import Tokenizer
from safetensors.torch import save_file
from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM

torch.set_num_threads(1)

SPECIALS = ["<|pad|>", "<|begin|>", "<|end|>", "<|user|>", "<|assistant|>"]
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if m.role == 'tool' %}{{ raise_exception('There are no tools here.') }}{% endif %}\n"
    "<|user|>{{ m.role }}{% if m.name %}({{ m.name }}){% endif %}: {{ m.content | trim }}<|end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
CORPUS = [
    "The quick brown fox jumps over the lazy dog.",
    "Ein Motetten-Chor; naïve café, 東京 🙂🙂",
]
LAYERS, HIDDEN, CONTEXT = 2, 32, 512


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings come from the tests alone."""
    for name in list(os.environ):
        if name.startswith("MOTET_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model whose random weights rarely end a text by themselves."""
    folder = tmp_path_factory.mktemp("models") / "tiny-random"
    backend = Backend(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.train_from_iterator(
        CORPUS,
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=SPECIALS,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    backend.post_processor = processors.TemplateProcessing(
        single="<|begin|> $A", special_tokens=[("<|begin|>", 1)]
    )
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=backend.get_vocab_size(),
        hidden_size=HIDDEN,
        intermediate_size=48,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        initializer_range=0.3,
        bos_token_id=1,
        eos_token_id=2,
    )
    LlamaForCausalLM(config).save_pretrained(str(folder))
    backend.save(str(folder / "tokenizer.json"))
    settings = {
        "bos_token": "<|begin|>",
        "eos_token": {"__type": "AddedToken", "content": "<|end|>"},
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    return folder


@pytest.fixture
def tokenizer(base: Path) -> Tokenizer:
    return Tokenizer(base, max_position=CONTEXT)


@pytest.fixture
def make_config(base: Path, tmp_path: Path) -> Callable[..., WorkerConfig]:
    """make_config(**fields) -> settings of a worker small enough for a test."""

    def make(**fields: object) -> WorkerConfig:
        defaults: dict[str, object] = {
            "base": base,
            "cache": tmp_path / "cache",
            "journal": tmp_path / "journal.jsonl",
            "max_batch": 16,
            "slots": 2,
            "max_rank": 8,
            "threads": 1,
            "drain_s": 10.0,
        }
        return WorkerConfig.model_validate({**defaults, **fields})

    return make


@pytest.fixture
def make_adapter(tmp_path: Path) -> Callable[..., pb.Adapter]:
    """make_adapter(name, seed, rank) -> a published adapter on q_proj and down_proj."""

    def make(name: str, seed: int = 0, rank: int = 4) -> pb.Adapter:
        folder = tmp_path / "store" / name
        folder.mkdir(parents=True)
        config = {
            "peft_type": "LORA",
            "r": rank,
            "lora_alpha": 4 * rank,
            "target_modules": ["q_proj", "down_proj"],
        }
        (folder / "adapter_config.json").write_text(json.dumps(config))
        random = torch.Generator().manual_seed(seed)
        tensors = {}
        for layer in range(LAYERS):
            for module, width in (("self_attn.q_proj", HIDDEN), ("mlp.down_proj", 48)):
                path = f"base_model.model.model.layers.{layer}.{module}"
                shapes = {"A": (rank, width), "B": (HIDDEN, rank)}
                for part, shape in shapes.items():
                    value = torch.randn(shape, generator=random)
                    tensors[f"{path}.lora_{part}.weight"] = value
        save_file(tensors, folder / "adapter_model.safetensors")
        hashes = [
            hashlib.sha256((folder / file).read_bytes()).hexdigest()
            for file in ("adapter_config.json", "adapter_model.safetensors")
        ]
        return pb.Adapter(digest=adapter_digest(*hashes), uri=folder.as_uri(), rank=rank)

    return make


@pytest.fixture
def make_submit() -> Callable[..., pb.Submit]:
    """make_submit(request_id, **fields): a valid request; `sampling` is given as a dict."""

    def make(request_id: str = "r1", **fields: Any) -> pb.Submit:
        sampling: dict[str, Any] = {"temperature": 0.0, "max_tokens": 8}
        sampling.update(fields.pop("sampling", {}))
        if not {"chat", "text", "token_ids"} & fields.keys():
            fields["text"] = "The quick brown fox"
        defaults: dict[str, Any] = {
            "account": "acme",
            "cache_salt": b"salt of acme",
            "base_model": "tiny-random",
            "n": 1,
            "stream": True,
            "prompt_budget": 10_000,
            "output_budget": 10_000,
        }
        fields = {**defaults, **fields}
        return pb.Submit(request_id=request_id, sampling=pb.Sampling(**sampling), **fields)

    return make
