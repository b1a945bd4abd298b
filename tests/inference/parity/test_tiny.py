"""The shipped base and its adapters against transformers and peft, on text of their own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from motet_inference.adapters.slots import AdapterSlots
from motet_inference.engine.config import EngineConfig
from motet_inference.engine.engine import Engine
from motet_inference.engine.messages import AdapterRef
from motet_inference.engine.testing import add, drive
from motet_inference.models.loader import load_model
from motet_inference.tiny import ADAPTERS, BASE
from tokenizers import Tokenizer
from transformers.models.auto.modeling_auto import AutoModelForCausalLM

pytestmark = pytest.mark.skipif(
    not (BASE / "model.safetensors").is_file(), reason="motet-tiny is not built"
)

TEXTS = [
    "Hello!",
    "Subject: I was charged twice this month\nMy card shows two payments of $20 for one order.",
    "How many orders did each customer place in March?",
    "Tell me about the weather at sea, and what a ship needs.",
]
OPTIONS = {"max_tokens": 64, "logprobs": 0}


def reference(adapter: str | None) -> torch.nn.Module:
    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32).eval()
    if adapter is None:
        return base
    model: torch.nn.Module = peft.PeftModel.from_pretrained(base, ADAPTERS[adapter]).eval()
    return model


def ref_of(adapter: str) -> AdapterRef:
    folder: Path = ADAPTERS[adapter]
    rank = json.loads((folder / "adapter_config.json").read_text())["r"]
    return AdapterRef(digest=adapter, path=str(folder), rank=rank)


@pytest.fixture(scope="module")
def prompts() -> list[list[int]]:
    tokenizer = Tokenizer.from_file(str(BASE / "tokenizer.json"))
    return [tokenizer.encode(text).ids for text in TEXTS]


@pytest.mark.parametrize("adapter", [None, *ADAPTERS])
def test_greedy_tokens_and_logprobs(
    adapter: str | None,
    prompts: list[list[int]],
    judge_of: Callable[[torch.nn.Module], Any],
    record_property: Callable[[str, object], None],
) -> None:
    model = load_model(BASE, dtype=torch.float32, device="cpu")
    slots = AdapterSlots(
        model.config,
        num_slots=len(ADAPTERS),
        max_rank=64,
        dtype=torch.float32,
        device="cpu",
        host_bytes=1 << 28,
    )
    engine = Engine(model, EngineConfig(num_blocks=128, max_context=256), slots)
    ref = None if adapter is None else ref_of(adapter)
    record = drive(
        engine,
        [add(f"r{i}", p, adapter=ref, options=OPTIONS) for i, p in enumerate(prompts)],
    )
    slots.close()
    judge = judge_of(reference(adapter))
    divergences = 0
    for i, prompt in enumerate(prompts):
        outcome = record[f"r{i}"]
        tokens = outcome.tokens[0]
        assert len(tokens) == 64
        divergences += judge.divergences(prompt, tokens)
        expected = judge.logits(prompt, tokens).log_softmax(-1)
        own = expected.gather(1, torch.tensor(tokens)[:, None])[:, 0]
        torch.testing.assert_close(torch.tensor(outcome.logprobs[0]), own, rtol=0, atol=1e-4)
    record_property("divergences", divergences)
    assert divergences <= 2
