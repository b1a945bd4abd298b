"""Random checkpoints of every family, and transformers (with peft) as the judge of their tokens."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from motet_inference.engine.config import EngineConfig
from motet_inference.engine.engine import Engine
from motet_inference.engine.slots import Slots
from motet_inference.models.llama import CausalLM
from motet_inference.models.loader import load_model
from motet_inference.ranks import orders
from motet_inference.ranks.leader import Followers
from motet_inference.ranks.shard import ALONE
from torch import Tensor
from transformers import (
    Gemma2Config,
    Gemma3TextConfig,
    LlamaConfig,
    MistralConfig,
    PreTrainedConfig,
    PreTrainedModel,
    Qwen2Config,
    Qwen3Config,
    Qwen3MoeConfig,
)
from transformers.models.auto.modeling_auto import AutoModelForCausalLM

# Where the reference's two best logits are closer than this, either may come first.
NEAR = 1e-4

SIZES: dict[str, Any] = {
    "vocab_size": 97,
    "hidden_size": 64,
    "intermediate_size": 112,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": 0,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
# A random Gemma with tied embeddings repeats itself: its large embedding outweighs its layers.
UNTIED_GEMMA: dict[str, Any] = {
    "tie_word_embeddings": False,
    "head_dim": 24,
    "query_pre_attn_scalar": 20,
}
EXPERTS: dict[str, Any] = {
    "head_dim": 16,
    "num_experts": 8,
    "num_experts_per_tok": 3,
    "moe_intermediate_size": 24,
}
FAMILIES: dict[str, Callable[[], PreTrainedConfig]] = {
    "llama3-untied": lambda: LlamaConfig(**SIZES, rope_parameters=LLAMA3),
    "llama3-tied": lambda: LlamaConfig(**SIZES, rope_parameters=LLAMA3, tie_word_embeddings=True),
    "llama-biased": lambda: LlamaConfig(**SIZES, attention_bias=True, head_dim=24),
    "mistral-window": lambda: MistralConfig(**SIZES, sliding_window=16),
    "qwen2": lambda: Qwen2Config(**SIZES),
    "qwen2-windows": lambda: Qwen2Config(
        **SIZES, use_sliding_window=True, sliding_window=12, max_window_layers=1
    ),
    "qwen3-wide-heads": lambda: Qwen3Config(**SIZES, head_dim=32),
    "qwen3-tied": lambda: Qwen3Config(**SIZES, head_dim=16, tie_word_embeddings=True),
    "qwen3-moe": lambda: Qwen3MoeConfig(
        **SIZES, **EXPERTS, norm_topk_prob=True, mlp_only_layers=[1]
    ),
    "qwen3-moe-step": lambda: Qwen3MoeConfig(**SIZES, **EXPERTS, decoder_sparse_step=2),
    "gemma2": lambda: Gemma2Config(
        **SIZES,
        **UNTIED_GEMMA,
        attn_logit_softcapping=2.0,
        final_logit_softcapping=3.0,
        sliding_window=16,
    ),
    "gemma3": lambda: Gemma3TextConfig(
        **SIZES,
        **UNTIED_GEMMA,
        sliding_window=16,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        rope_parameters={
            "full_attention": {"rope_type": "linear", "rope_theta": 1e6, "factor": 8.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
        },
    ),
}


@dataclass(frozen=True)
class Judge:
    """Says whether tokens are those of greedy decoding, given what came before each."""

    model: torch.nn.Module

    @torch.inference_mode()
    def logits(self, prompt: list[int], tokens: list[int]) -> Tensor:
        """fp32 [len(tokens), vocab]: row i is what the reference says before token i."""
        ids = torch.tensor([prompt + tokens], device=next(self.model.parameters()).device)
        found: Tensor = self.model(ids).logits[0, len(prompt) - 1 : -1]
        return found.float().cpu()

    def divergences(self, prompt: list[int], tokens: list[int]) -> int:
        """How often a near tie went the other way; any other difference is an AssertionError."""
        best = self.logits(prompt, tokens).topk(2)
        count = 0
        for i, token in enumerate(tokens):
            first, second = best.indices[i].tolist()
            if token == first:
                continue
            gap = (best.values[i, 0] - best.values[i, 1]).item()
            assert token == second and gap < NEAR, f"token {i}: {token}, not {first} (gap {gap})"
            count += 1
        return count

    def same(self, prompt: list[int], one: list[int], other: list[int]) -> bool:
        """Whether two outputs agree up to their first near tie."""
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            if a != b:
                first, second = self.logits(prompt, one)[i].topk(2).values.tolist()
                return bool(first - second < NEAR)
        return True


@dataclass(frozen=True)
class Checkpoint:
    """A saved model, and the same in transformers."""

    folder: Path
    reference: PreTrainedModel

    @property
    def judge(self) -> Judge:
        return Judge(self.reference)

    def engine(
        self,
        slots: Slots | None = None,
        *,
        dtype: torch.dtype = torch.float32,
        device: str = "cpu",
        fp8: bool = False,
        followers: Followers | None = None,
        **limits: Any,
    ) -> Engine:
        """An engine over it: small blocks, and steps that split every prompt.

        With followers, rank 0's; slots must then be those of the last engine's `model`.
        """
        fields: dict[str, Any] = {
            "num_blocks": 512,
            "block_size": 8,
            "max_context": 192,
            "max_batch": 16,
            "token_budget": 24,
        }
        sizes = EngineConfig(**(fields | limits))
        model = self.model(dtype=dtype, device=device, fp8=fp8, followers=followers)
        return Engine(model, sizes, slots, tell=followers.tell if followers else None)

    def model(
        self,
        *,
        dtype: torch.dtype = torch.float32,
        device: str = "cpu",
        fp8: bool = False,
        followers: Followers | None = None,
    ) -> CausalLM:
        """All of it, or rank 0's share."""
        shard, at = ALONE, torch.device(device)
        if followers is not None:
            name = str(dtype).removeprefix("torch.")
            followers.tell(orders.Model(folder=str(self.folder), dtype=name, fp8=fp8))
            shard, at = followers.shard, followers.device
        return load_model(self.folder, dtype=dtype, device=at, fp8=fp8, shard=shard)


def make_checkpoint(config: PreTrainedConfig, folder: Path, *, seed: int) -> Checkpoint:
    """Random weights that matter everywhere: biases and norms too, which start as 0 and 1."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config).eval()
    width = config.hidden_size**-0.5
    with torch.no_grad():
        for parameter in model.parameters():
            values = torch.randn_like(parameter)
            parameter.copy_(1 + 0.3 * values if parameter.ndim == 1 else 1.6 * width * values)
    model.save_pretrained(folder)
    return Checkpoint(folder, model)


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Checkpoint]:
    """A family's checkpoint by name, made once."""
    made: dict[str, Checkpoint] = {}

    def get(name: str) -> Checkpoint:
        if name not in made:
            seed = list(FAMILIES).index(name)
            folder = tmp_path_factory.mktemp(name)
            made[name] = make_checkpoint(FAMILIES[name](), folder, seed=seed)
        return made[name]

    return get


@pytest.fixture(scope="session")
def build() -> Callable[..., Checkpoint]:
    """Makes a checkpoint of any configuration."""
    return make_checkpoint


@pytest.fixture(scope="session")
def family_config() -> Callable[[str], PreTrainedConfig]:
    """A family's configuration by name."""
    return lambda name: FAMILIES[name]()


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest, checkpoints: Callable[[str], Checkpoint]) -> Checkpoint:
    """Each family in turn."""
    return checkpoints(request.param)


@pytest.fixture
def judge_of() -> Callable[[torch.nn.Module], Judge]:
    return Judge


@pytest.fixture
def prompts() -> list[list[int]]:
    """Eight prompts of 3 to 75 tokens; the last two begin alike."""
    generator = torch.Generator().manual_seed(5)

    def draw(length: int) -> list[int]:
        tokens: list[int] = torch.randint(1, 97, (length,), generator=generator).tolist()
        return tokens

    shared = draw(50)
    return [
        *(draw(length) for length in (3, 8, 17, 23, 40, 75)),
        shared + draw(9),
        shared + draw(3),
    ]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)
