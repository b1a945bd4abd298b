"""FP8 base weights, as transformers and peft compute them with their linear layers rounded."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from motet_inference.adapters.slots import AdapterSlots
from motet_inference.engine.messages import AdapterRef
from motet_inference.engine.testing import Record, add, drive
from torch import Tensor
from transformers import LlamaConfig

NAMES = [f"r{i}" for i in range(8)]
RANKS = [4, 16]
DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=[
            pytest.mark.gpu,
            pytest.mark.skipif(
                not torch.cuda.is_available() or torch.cuda.get_device_capability() < (9, 0),
                reason="needs a CUDA device of compute capability 9.0",
            ),
        ],
    ),
]


def rounded(x: Tensor) -> Tensor:
    """What is left of x once each row went through e4m3."""
    scale = x.float().abs().amax(-1, keepdim=True).div(448).clamp_min(1e-30)
    return (x.float() / scale).to(torch.float8_e4m3fn).float() * scale


def round_linears(model: torch.nn.Module) -> torch.nn.Module:
    """A copy whose projections round weight and input; what peft adds sees the input unrounded."""
    model = copy.deepcopy(model)
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear) and name.endswith(("_proj", "_proj.base_layer")):
            module.weight.data = rounded(module.weight.data).to(module.weight.dtype)
            module.register_forward_pre_hook(lambda _, args: (rounded(args[0]).to(args[0].dtype),))
    return model


def logprobs_of(record: Record, name: str) -> Tensor:
    """fp32 [tokens, vocab], put back in the order of the vocabulary."""
    rows = record[name].top[0]
    found = torch.empty(len(rows), len(rows[0]))
    for row, top in zip(found, rows, strict=True):
        row[torch.tensor([token for token, _ in top])] = torch.tensor([p for _, p in top])
    return found


class Tuned:
    """A checkpoint with two adapters: its files, and peft's model of it."""

    def __init__(self, checkpoint: Any, folder: Path) -> None:
        self.checkpoint = checkpoint
        self.reference: Any = None
        for rank in RANKS:
            config = peft.LoraConfig(r=rank, lora_alpha=rank, target_modules="all-linear")
            if self.reference is None:
                self.reference = peft.get_peft_model(checkpoint.reference, config, f"a{rank}")
            else:
                self.reference.add_adapter(f"a{rank}", config)
        torch.manual_seed(9)
        with torch.no_grad():
            for name, parameter in self.reference.named_parameters():
                if "lora_" in name:
                    parameter.normal_(std=0.05)
        self.reference.save_pretrained(folder)
        self.reference.eval()
        self.refs = [AdapterRef(digest=f"a{r}", path=str(folder / f"a{r}"), rank=r) for r in RANKS]

    def use(self, model: Any, number: int) -> None:
        """Request i has the base, a4 or a16 in turn."""
        if number % 3:
            model.enable_adapter_layers()
            model.set_adapter(f"a{RANKS[number % 3 - 1]}")
        else:
            model.disable_adapter_layers()

    def run(
        self, prompts: list[list[int]], *, dtype: torch.dtype, device: str, followers: Any = None
    ) -> Record:
        config = self.checkpoint.model(followers=followers, device=device).config
        slots = AdapterSlots(
            config,
            num_slots=2,
            max_rank=16,
            dtype=dtype,
            device=device,
            host_bytes=1 << 26,
            followers=followers,
        )
        engine = self.checkpoint.engine(
            slots, dtype=dtype, device=device, fp8=True, followers=followers
        )
        messages = [
            add(name, p, adapter=self.refs[i % 3 - 1] if i % 3 else None, options=OPTIONS)
            for i, (name, p) in enumerate(zip(NAMES, prompts, strict=True))
        ]
        record = drive(engine, messages, steps=20_000)
        slots.close()
        return record


OPTIONS = {"max_tokens": 32, "logprobs": 97}


@pytest.fixture(scope="module", params=["llama-biased", "gemma2"])
def tuned(
    request: pytest.FixtureRequest,
    build: Callable[..., Any],
    family_config: Callable[[str], Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Tuned:
    folder = tmp_path_factory.mktemp("fp8")
    return Tuned(build(family_config(request.param), folder / "base", seed=21), folder)


def test_logprobs_are_those_of_rounded_layers(
    tuned: Tuned,
    prompts: list[list[int]],
    judge_of: Any,
    record_property: Callable[[str, object], None],
) -> None:
    record = tuned.run(prompts, dtype=torch.float32, device="cpu")
    theirs = round_linears(tuned.reference)
    ours_off, rounding_off = [], []
    for i, (name, prompt) in enumerate(zip(NAMES, prompts, strict=True)):
        tokens = record[name].tokens[0]
        tuned.use(theirs, i)
        tuned.use(tuned.reference, i)
        expected = judge_of(theirs).logits(prompt, tokens).log_softmax(-1)
        plain = judge_of(tuned.reference).logits(prompt, tokens).log_softmax(-1)
        ours_off.append((logprobs_of(record, name) - expected).abs().amax(-1))
        rounding_off.append((plain - expected).abs().amax(-1))
    off, rounding = torch.cat(ours_off), torch.cat(rounding_off)
    record_property("median error", off.median().item())
    assert off.median() < 1e-4
    # A value between two neighbours of e4m3 may go the other way, which its sequence then keeps.
    assert off.mean() < rounding.mean() / 5


@pytest.mark.parametrize("device", DEVICES)
def test_in_half_precision_the_loss_is_that_of_rounded_layers(
    device: str,
    tuned: Tuned,
    prompts: list[list[int]],
    judge_of: Any,
    record_property: Callable[[str, object], None],
) -> None:
    record = tuned.run(prompts, dtype=torch.bfloat16, device=device)
    half = round_linears(tuned.reference).bfloat16().to(device)
    ours = theirs = 0.0
    for i, (name, prompt) in enumerate(zip(NAMES, prompts, strict=True)):
        tokens = record[name].tokens[0]
        tuned.use(tuned.reference, i)
        tuned.use(half, i)
        exact = judge_of(tuned.reference).logits(prompt, tokens).log_softmax(-1)
        found = judge_of(half).logits(prompt, tokens).log_softmax(-1)
        ours += (logprobs_of(record, name) - exact).square().sum().item()
        theirs += (found - exact).square().sum().item()
    ratio = (ours / theirs) ** 0.5
    record_property("error over that of rounded layers", round(ratio, 3))
    assert 0.5 < ratio < 1.5


def test_two_ranks_lose_no_more(
    build: Callable[..., Any],
    tmp_path: Path,
    prompts: list[list[int]],
    ranks: Callable[..., Any],
    judge_of: Any,
    record_property: Callable[[str, object], None],
) -> None:
    """Where a rank has a part of a row, the part has a scale of its own: no coarser than one."""
    config = LlamaConfig(
        vocab_size=97,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        attention_bias=True,
        max_position_embeddings=256,
        eos_token_id=None,
    )
    tuned = Tuned(build(config, tmp_path / "base", seed=22), tmp_path)
    errors = []
    for followers in (None, ranks(2)):
        record = tuned.run(prompts, dtype=torch.float32, device="cpu", followers=followers)
        total = 0.0
        for i, (name, prompt) in enumerate(zip(NAMES, prompts, strict=True)):
            tuned.use(tuned.reference, i)
            exact = judge_of(tuned.reference).logits(prompt, record[name].tokens[0])
            found = logprobs_of(record, name)
            total += (found - exact.log_softmax(-1)).square().sum().item()
        errors.append(total**0.5)
    record_property("error over that of one rank", round(errors[1] / errors[0], 3))
    assert 0.5 < errors[1] / errors[0] < 1.2
