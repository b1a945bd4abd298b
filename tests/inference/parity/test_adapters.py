"""Sixteen requests over eight peft adapters in one batch, each as peft alone computes it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from motet_inference.adapters.slots import AdapterSlots
from motet_inference.engine.messages import AdapterRef
from motet_inference.engine.testing import Record, add, drive

ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
CONFIGS: list[dict[str, Any]] = [
    {"r": 4, "lora_alpha": 8, "target_modules": ALL},
    {"r": 8, "lora_alpha": 16, "target_modules": ["q_proj", "v_proj"], "use_rslora": True},
    {"r": 8, "lora_alpha": 8, "target_modules": ["gate_proj", "up_proj", "down_proj"]},
    {
        "r": 16,
        "lora_alpha": 16,
        "target_modules": ALL,
        "rank_pattern": {"down_proj": 4, "layers.1.self_attn.q_proj": 32},
        "alpha_pattern": {"v_proj": 48, r".*\.layers\.2\.mlp\.up_proj": 3},
    },
    {
        "r": 16,
        "lora_alpha": 8,
        "target_modules": ALL,
        "use_rslora": True,
        "rank_pattern": {"k_proj": 2, "o_proj": 24},
        "alpha_pattern": {"o_proj": 5},
    },
    {"r": 32, "lora_alpha": 16, "target_modules": ["k_proj", "o_proj"]},
    {"r": 64, "lora_alpha": 16, "target_modules": "all-linear", "use_rslora": True},
    {"r": 64, "lora_alpha": 32, "target_modules": r".*\.(q_proj|up_proj)"},
]
RANKS = [4, 8, 8, 32, 24, 32, 64, 64]


def attention_only(fields: dict[str, Any]) -> dict[str, Any]:
    """The same adapter without the MLP: peft takes an MLP's names for the experts'."""
    targets = fields["target_modules"]
    if isinstance(targets, str):
        kept: Any = ALL[:4] if targets == "all-linear" else targets.replace("up_proj", "o_proj")
    else:
        kept = [name for name in targets if name in ALL[:4]] or ALL[:4]
    return fields | {"target_modules": kept}


OPTIONS = {"max_tokens": 64, "logprobs": 0}


class Adapters:
    """The eight adapters on one base: in slots for the engine, in peft for the reference."""

    def __init__(self, checkpoint: Any, folder: Path) -> None:
        self.checkpoint = checkpoint
        self.reference: Any = None
        self.refs: list[AdapterRef] = []
        has_experts = hasattr(checkpoint.reference.config, "num_experts_per_tok")
        for i, fields in enumerate(CONFIGS):
            name = f"a{i}"
            fields = attention_only(fields) if has_experts else fields
            config = peft.LoraConfig(task_type="CAUSAL_LM", **fields)
            if self.reference is None:
                self.reference = peft.get_peft_model(checkpoint.reference, config, name)
            else:
                self.reference.add_adapter(name, config)
            self._randomise(name, seed=i)
            self.refs.append(AdapterRef(digest=name, path=str(folder / name), rank=RANKS[i]))
        self.reference.save_pretrained(folder)
        self.reference.eval()

    def _randomise(self, name: str, *, seed: int) -> None:
        """B starts as zero, which would make every adapter the base."""
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for key, parameter in self.reference.named_parameters():
                if f".{name}." in key:
                    parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.05)

    def slots(self, num_slots: int = 8, followers: Any = None) -> AdapterSlots:
        return AdapterSlots(
            self.checkpoint.model(followers=followers).config,
            num_slots=num_slots,
            max_rank=64,
            dtype=torch.float32,
            device="cpu",
            host_bytes=1 << 26,
            followers=followers,
        )


@pytest.fixture(
    scope="module",
    params=["llama3-tied", "qwen2", "qwen3-wide-heads", "gemma2", "gemma3", "qwen3-moe"],
)
def adapters(
    request: pytest.FixtureRequest,
    build: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Adapters:
    """Of a checkpoint of its own, since peft rewrites the model that it is given."""
    from_name = request.getfixturevalue("family_config")
    folder = tmp_path_factory.mktemp("adapters")
    checkpoint = build(from_name(request.param), folder / "base", seed=77)
    return Adapters(checkpoint, folder)


@pytest.fixture
def slots(adapters: Adapters) -> Iterator[AdapterSlots]:
    made = adapters.slots()
    yield made
    made.close()


def warm(slots: AdapterSlots, refs: list[AdapterRef]) -> None:
    """Wait until all are in their slots, so that one batch can hold them."""
    deadline = time.monotonic() + 30
    for ref in refs:
        while (slot := slots.acquire(ref)) is None:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        slots.release(slot)


def sixteen(adapters: Adapters, prompts: list[list[int]]) -> list[Any]:
    """Request i uses adapter i mod 8, and prompt i // 2: each adapter has two prompts."""
    return [
        add(f"r{i}", prompts[i // 2], adapter=adapters.refs[i % 8], options=OPTIONS)
        for i in range(16)
    ]


def check(adapters: Adapters, prompts: list[list[int]], record: Record, judge_of: Any) -> int:
    """Every request against peft with its adapter alone; the number of near ties."""
    count = 0
    for i in range(16):
        adapters.reference.set_adapter(f"a{i % 8}")
        outcome, judge, prompt = record[f"r{i}"], judge_of(adapters.reference), prompts[i // 2]
        tokens = outcome.tokens[0]
        count += judge.divergences(prompt, tokens)
        expected = judge.logits(prompt, tokens).log_softmax(-1)
        own = expected.gather(1, torch.tensor(tokens)[:, None])[:, 0]
        torch.testing.assert_close(torch.tensor(outcome.logprobs[0]), own, rtol=0, atol=1e-4)
    return count


def test_one_batch_of_eight_adapters(
    adapters: Adapters,
    slots: AdapterSlots,
    prompts: list[list[int]],
    judge_of: Any,
    record_property: Callable[[str, object], None],
) -> None:
    warm(slots, adapters.refs)
    engine = adapters.checkpoint.engine(slots)
    record = drive(engine, sixteen(adapters, prompts))
    assert max(s.adapters for s in record.steps) == 8
    assert max(s.running for s in record.steps) == 16
    divergences = check(adapters, prompts, record, judge_of)
    record_property("divergences", divergences)
    assert divergences <= 3
    outputs = {tuple(record[f"r{i}"].tokens[0]) for i in range(16)}
    assert len(outputs) == 16, "an adapter without effect"


def test_each_equals_its_run_alone(
    adapters: Adapters, slots: AdapterSlots, prompts: list[list[int]], judge_of: Any
) -> None:
    messages = sixteen(adapters, prompts)
    together = drive(adapters.checkpoint.engine(slots), messages)
    engine = adapters.checkpoint.engine(slots, prefix_cache=False)
    for i, message in enumerate(messages):
        alone = drive(engine, [message])
        adapters.reference.set_adapter(f"a{i % 8}")
        assert judge_of(adapters.reference).same(
            message.prompt, alone[f"r{i}"].tokens[0], together[f"r{i}"].tokens[0]
        )


def test_two_slots_and_few_blocks(
    adapters: Adapters, prompts: list[list[int]], judge_of: Any
) -> None:
    """Eviction, preemption and reloading at once."""
    slots = adapters.slots(2)
    record = drive(adapters.checkpoint.engine(slots, num_blocks=40), sixteen(adapters, prompts))
    assert sum(s.preemptions for s in record.steps) > 0
    assert sum(len(s.evicted) for s in record.steps) >= 6
    assert check(adapters, prompts, record, judge_of) <= 3
    slots.close()


def test_the_base_beside_adapters_is_the_base(
    adapters: Adapters, slots: AdapterSlots, prompts: list[list[int]], judge_of: Any
) -> None:
    warm(slots, adapters.refs[:3])
    messages = [
        add(f"r{i}", prompt, adapter=ref, options=OPTIONS)
        for i, (prompt, ref) in enumerate(zip(prompts, [*adapters.refs[:3], None] * 2, strict=True))
    ]
    record = drive(adapters.checkpoint.engine(slots), messages)
    for i in (3, 7):
        with adapters.reference.disable_adapter():
            judge = judge_of(adapters.reference)
            assert judge.divergences(prompts[i], record[f"r{i}"].tokens[0]) <= 1


def test_an_adapter_that_is_none_is_refused_alone(
    adapters: Adapters, slots: AdapterSlots, prompts: list[list[int]], tmp_path: Path
) -> None:
    absent = AdapterRef(digest="absent", path=str(tmp_path / "absent"), rank=4)
    record = drive(
        adapters.checkpoint.engine(slots),
        [
            add("bad", prompts[0], adapter=absent),
            add("good", prompts[0], adapter=adapters.refs[0], options=OPTIONS),
        ],
    )
    assert record["bad"].refused is not None
    assert record["bad"].refused.code in ("adapter_unavailable", "adapter_incompatible")
    assert len(record["good"].tokens[0]) == 64


def test_two_ranks_hold_their_parts_of_every_adapter(
    adapters: Adapters, prompts: list[list[int]], ranks: Callable[..., Any], judge_of: Any
) -> None:
    followers = ranks(2)
    slots = adapters.slots(8, followers)
    warm(slots, adapters.refs)
    engine = adapters.checkpoint.engine(slots, followers=followers, fixed_decode=True)
    record = drive(engine, sixteen(adapters, prompts))
    assert max(s.adapters for s in record.steps) == 8
    assert check(adapters, prompts, record, judge_of) <= 3
    slots.close()


@pytest.mark.parametrize("adapters", ["qwen2"], indirect=True)
def test_two_ranks_load_and_evict_in_step(
    adapters: Adapters, prompts: list[list[int]], ranks: Callable[..., Any], judge_of: Any
) -> None:
    followers = ranks(2)
    slots = adapters.slots(2, followers)
    engine = adapters.checkpoint.engine(slots, followers=followers, num_blocks=40)
    record = drive(engine, sixteen(adapters, prompts))
    assert sum(len(s.evicted) for s in record.steps) >= 6
    assert check(adapters, prompts, record, judge_of) <= 3
    for _ in range(2):
        slots.check_integrity()
    slots.close()
