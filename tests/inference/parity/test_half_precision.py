"""In bfloat16 the engine is at most twice as far from fp32 as transformers in bfloat16 is.

On the CPU this runs the torch twins, on a GPU the kernels; the engine's path is the same.
"""

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
from torch import Tensor
from transformers import LlamaConfig
from transformers.models.auto.modeling_auto import AutoModelForCausalLM


def on_cuda(devices: int) -> Any:
    """So many ranks, a CUDA device each."""
    missing = torch.cuda.device_count() < devices
    marks = [pytest.mark.gpu, pytest.mark.skipif(missing, reason=f"needs CUDA devices: {devices}")]
    return pytest.param("cuda", devices, marks=marks)


# Where it runs, and on how many ranks.
PLACES = [("cpu", 1), on_cuda(1), on_cuda(2)]
RUNS: dict[str, dict[str, Any]] = {
    "roomy": {},
    "tight": {"num_blocks": 30},
    "no reuse": {"prefix_cache": False},
}


def options(vocab_size: int) -> dict[str, object]:
    """All log-probabilities of every step: what the reference is compared with."""
    return {"max_tokens": 24, "logprobs": vocab_size}


def logprobs_of(record: Record, name: str) -> Tensor:
    """fp32 [tokens, vocab], put back in the order of the vocabulary."""
    rows = record[name].top[0]
    found = torch.empty(len(rows), len(rows[0]))
    for row, top in zip(found, rows, strict=True):
        row[torch.tensor([token for token, _ in top])] = torch.tensor([p for _, p in top])
    return found


class Errors:
    """Sums of squares against fp32, ours and theirs."""

    def __init__(self) -> None:
        self.ours = self.theirs = 0.0

    def take(self, exact: Tensor, ours: Tensor, theirs: Tensor) -> None:
        expected = exact.log_softmax(-1)
        self.ours += (ours - expected).square().sum().item()
        self.theirs += (theirs.log_softmax(-1) - expected).square().sum().item()

    def check(self, note: Callable[[str, object], None]) -> None:
        assert self.theirs > 0
        ratio = (self.ours / self.theirs) ** 0.5
        note("error over that of transformers", round(ratio, 3))
        assert ratio <= 2


def in_half(checkpoint: Any, device: str) -> torch.nn.Module:
    model: torch.nn.Module = AutoModelForCausalLM.from_pretrained(
        checkpoint.folder, dtype=torch.bfloat16
    )
    return model.eval().to(device)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(("device", "size"), PLACES)
def test_error_of_every_family(
    device: str,
    size: int,
    run: str,
    family: Any,
    prompts: list[list[int]],
    ranks: Callable[..., Any],
    judge_of: Any,
    record_property: Callable[[str, object], None],
) -> None:
    followers = ranks(size, device) if size > 1 else None
    engine = family.engine(dtype=torch.bfloat16, device=device, followers=followers, **RUNS[run])
    messages = [add(f"r{i}", p, options=options(97)) for i, p in enumerate(prompts)]
    record = drive(engine, messages)
    if run == "tight":
        assert sum(s.preemptions for s in record.steps) > 0
    theirs, errors = judge_of(in_half(family, device)), Errors()
    for i, prompt in enumerate(prompts):
        tokens = record[f"r{i}"].tokens[0]
        errors.take(
            family.judge.logits(prompt, tokens),
            logprobs_of(record, f"r{i}"),
            theirs.logits(prompt, tokens),
        )
    errors.check(record_property)


@pytest.mark.parametrize(("device", "size"), [*PLACES, ("cpu", 2)])
def test_error_with_adapters(
    device: str,
    size: int,
    build: Callable[..., Any],
    tmp_path: Path,
    prompts: list[list[int]],
    ranks: Callable[..., Any],
    judge_of: Any,
    record_property: Callable[[str, object], None],
) -> None:
    """Ranks 4, 16 and 64 in one batch, on a wider model."""
    config = LlamaConfig(
        vocab_size=98,
        hidden_size=256,
        intermediate_size=512,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        eos_token_id=None,
    )
    checkpoint = build(config, tmp_path / "base", seed=3)
    exact = save_adapters(checkpoint.reference, tmp_path)
    followers = ranks(size, device) if size > 1 else None
    model = checkpoint.model(dtype=torch.bfloat16, device=device, followers=followers)
    slots = AdapterSlots(
        model.config,
        num_slots=3,
        max_rank=64,
        dtype=torch.bfloat16,
        device=model.device,
        host_bytes=1 << 28,
        followers=followers,
    )
    refs = [AdapterRef(digest=f"a{r}", path=str(tmp_path / f"a{r}"), rank=r) for r in (4, 16, 64)]
    messages = [
        add(f"r{i}", p, adapter=refs[i % 3], options=options(98)) for i, p in enumerate(prompts)
    ]
    sizes = EngineConfig(num_blocks=512, max_context=192, token_budget=64)
    engine = Engine(model, sizes, slots, tell=followers.tell if followers else None)
    record = drive(engine, messages, steps=20_000)
    slots.close()
    half = peft.PeftModel.from_pretrained(
        in_half(checkpoint, device), tmp_path / "a4", "a4", autocast_adapter_dtype=False
    )
    for ref in refs[1:]:
        half.load_adapter(ref.path, ref.digest, autocast_adapter_dtype=False)
    errors = Errors()
    for i, prompt in enumerate(prompts):
        name, tokens = refs[i % 3].digest, record[f"r{i}"].tokens[0]
        exact.set_adapter(name)
        half.set_adapter(name)
        errors.take(
            judge_of(exact).logits(prompt, tokens),
            logprobs_of(record, f"r{i}"),
            judge_of(half.eval()).logits(prompt, tokens),
        )
    errors.check(record_property)


# A random model's scores in bfloat16 are off by about so much: tokens as near may change places.
NEAR_IN_HALF = 0.15


@pytest.mark.gpu
@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")
def test_two_devices_choose_the_tokens_of_one(
    family: Any,
    prompts: list[list[int]],
    ranks: Callable[..., Any],
    record_property: Callable[[str, object], None],
) -> None:
    """Greedy, from recorded steps that are launched behind one another."""
    outputs = []
    for followers in (None, ranks(2, "cuda")):
        engine = family.engine(dtype=torch.bfloat16, device="cuda", followers=followers)
        messages = [add(f"r{i}", p, options={"max_tokens": 64}) for i, p in enumerate(prompts)]
        record = drive(engine, messages, steps=20_000)
        outputs.append([record[f"r{i}"].tokens[0] for i in range(len(prompts))])
    changed = 0
    for prompt, one, two in zip(prompts, *outputs, strict=True):
        place = next((i for i, (a, b) in enumerate(zip(one, two, strict=True)) if a != b), None)
        if place is not None:
            scores = family.judge.logits(prompt, one)[place]
            assert abs(scores[one[place]] - scores[two[place]]) < NEAR_IN_HALF
            changed += 1
    record_property("outputs with a change of places", changed)


def save_adapters(base: Any, folder: Path) -> Any:
    """Three adapters on all projections, with B not zero, in fp32."""
    model: Any = None
    for rank in (4, 16, 64):
        config = peft.LoraConfig(r=rank, lora_alpha=rank, target_modules="all-linear")
        if model is None:
            model = peft.get_peft_model(base, config, f"a{rank}")
        else:
            model.add_adapter(f"a{rank}", config)
    torch.manual_seed(9)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.normal_(std=0.04)
    model.save_pretrained(folder)
    return model.eval()
