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
from motet_inference.engine.testing import Record, add, drive
from motet_inference.models.loader import load_model
from motet_inference.tiny import ADAPTERS, BASE
from tokenizers import Tokenizer
from transformers.models.auto.modeling_auto import AutoModelForCausalLM

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


@pytest.fixture(scope="module")
def record(prompts: list[list[int]]) -> Record:
    """All four voices and all texts in one engine, and so in one batch."""
    torch.set_num_threads(1)
    model = load_model(BASE, dtype=torch.float32, device="cpu")
    slots = AdapterSlots(
        model.config,
        num_slots=len(ADAPTERS),
        max_rank=64,
        dtype=torch.float32,
        device="cpu",
        host_bytes=1 << 28,
    )
    engine = Engine(model, EngineConfig(num_blocks=256, max_context=256), slots)
    refs = {"base": None} | {name: ref_of(name) for name in ADAPTERS}
    messages = [
        add(f"{name} {i}", prompt, adapter=ref, options=OPTIONS)
        for name, ref in refs.items()
        for i, prompt in enumerate(prompts)
    ]
    made = drive(engine, messages)
    slots.close()
    return made


@pytest.mark.parametrize("voice", ["base", *ADAPTERS])
def test_greedy_tokens_and_logprobs(
    voice: str,
    record: Record,
    prompts: list[list[int]],
    judge_of: Callable[[torch.nn.Module], Any],
    record_property: Callable[[str, object], None],
) -> None:
    judge = judge_of(reference(None if voice == "base" else voice))
    divergences = 0
    for i, prompt in enumerate(prompts):
        outcome = record[f"{voice} {i}"]
        tokens = outcome.tokens[0]
        assert len(tokens) == 64
        divergences += judge.divergences(prompt, tokens)
        expected = judge.logits(prompt, tokens).log_softmax(-1)
        own = expected.gather(1, torch.tensor(tokens)[:, None])[:, 0]
        torch.testing.assert_close(torch.tensor(outcome.logprobs[0]), own, rtol=0, atol=1e-4)
    record_property("divergences", divergences)
    assert divergences <= 2


def test_the_voices_shared_steps_and_differ(record: Record) -> None:
    assert max(s.adapters for s in record.steps) == len(ADAPTERS)
    for i in range(len(TEXTS)):
        assert len({tuple(record[f"{v} {i}"].tokens[0]) for v in ["base", *ADAPTERS]}) > 1
