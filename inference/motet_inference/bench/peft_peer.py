"""transformers and PEFT on the same shape, as their users run them: `generate`, step by step."""

from __future__ import annotations

import statistics
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from motet_inference.bench.cases import PeftCase
from motet_inference.bench.clock import Deadline, wait
from motet_inference.bench.floor import Speeds, step_bytes
from motet_inference.bench.results import PeftResult, percentile
from motet_inference.bench.suite import Suite
from motet_inference.models.config import ModelConfig
from motet_inference.models.llama import CausalLM


class Peer:
    """One model of transformers. PEFT's adapters get into it with the first case that has any: what
    comes before runs on the plain model.

    Raises RuntimeError where transformers or peft is not installed.
    """

    def __init__(self, suite: Suite, cases: list[PeftCase]) -> None:
        try:
            import peft
            import transformers
        except ImportError as error:
            raise RuntimeError(
                f"{error.name} is not installed: cases of kind peft need it"
            ) from None
        transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        self._peft, self._suite, self._device = peft, suite, torch.device(suite.device)
        self._widest = max(cases, key=lambda case: case.adapters)
        self._adapted = False
        self._model = _model(transformers, suite).eval()

    def run(self, case: PeftCase, speeds: Speeds, deadline: Deadline) -> PeftResult:
        """One short run that is not counted, then the suite's number, as far as time allows."""
        if case.adapters and not self._adapted:
            self._model = _with_adapters(self._peft, self._model, self._widest).eval()
            self._adapted = True
        self._generate(case, 2, deadline, seed=-1)
        runs: list[list[float]] = []
        for seed in range(self._suite.repeat):
            if not runs or deadline.left > 1.5 * sum(runs[-1]):
                runs.append(self._generate(case, case.output_tokens, deadline, seed=seed))
        steps = [1e3 * step for run in runs for step in run[1:]]
        step = statistics.median(steps)
        return PeftResult(
            case=case,
            step_ms=step,
            step_ms_10=percentile(steps, 0.1),
            step_ms_90=percentile(steps, 0.9),
            first_token_ms=1e3 * statistics.median(run[0] for run in runs),
            decode_tokens_per_second=1e3 * case.requests / step,
            floor_ms=1e3 * step_bytes(_shape(self._suite), case) / speeds.read,
            runs=len(runs),
        )

    def _generate(
        self, case: PeftCase, tokens: int, deadline: Deadline, *, seed: int
    ) -> list[float]:
        """Seconds of each step, the prompts being the first."""
        generator = torch.Generator().manual_seed(1 + seed)
        shape = case.requests, case.prompt_tokens
        vocabulary: int = self._model.config.vocab_size
        prompts = torch.randint(vocabulary, shape, generator=generator).to(self._device)
        times = _Times(self._device, deadline)
        options: dict[str, Any] = {}
        if case.adapters > 1:  # one alone is the active one, which PEFT takes without names
            options["adapter_names"] = [f"a{i % case.adapters}" for i in range(case.requests)]
        with torch.inference_mode(), self._only_the_base(case):
            self._model.generate(
                input_ids=prompts,
                attention_mask=torch.ones_like(prompts),
                max_new_tokens=tokens,
                do_sample=False,
                eos_token_id=None,
                pad_token_id=0,
                stopping_criteria=[times],
                **options,
            )
        if len(times.steps) != tokens:
            raise RuntimeError(f"{case.title}: {len(times.steps)} steps of {tokens}")
        return times.steps

    def _only_the_base(self, case: PeftCase) -> AbstractContextManager[None]:
        if case.adapters or not self._adapted:
            return nullcontext()
        disabled: AbstractContextManager[None] = self._model.disable_adapter()
        return disabled


class _Times:
    """A stopping criterion that never stops: it is asked once a step."""

    def __init__(self, device: torch.device, deadline: Deadline) -> None:
        self.steps: list[float] = []
        self._device, self._deadline = device, deadline
        self._last = time.perf_counter()

    def __call__(self, input_ids: Tensor, scores: Any, **_: Any) -> Tensor:
        wait(self._device)
        self._deadline.check()
        now = time.perf_counter()
        self.steps.append(now - self._last)
        self._last = now
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)


def _model(transformers: Any, suite: Suite) -> Any:
    """Random weights, made on the device."""
    config = transformers.AutoConfig.from_pretrained(suite.model)
    dtype: torch.dtype = getattr(torch, suite.dtype)
    with torch.device(suite.device):
        return transformers.AutoModelForCausalLM.from_config(config, dtype=dtype)


def _with_adapters(peft: Any, model: Any, case: PeftCase) -> Any:
    """`a0`, `a1` and so on, random, in the model's dtype."""
    lora = peft.LoraConfig(
        r=case.rank,
        lora_alpha=2 * case.rank,
        target_modules=list(case.targets),
        init_lora_weights=False,
        task_type="CAUSAL_LM",
    )
    adapted = peft.get_peft_model(model, lora, adapter_name="a0", autocast_adapter_dtype=False)
    for i in range(1, case.adapters):
        adapted.add_adapter(f"a{i}", lora, autocast_adapter_dtype=False)
    dtype = next(model.parameters()).dtype
    for name, parameter in adapted.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.to(dtype)
    return adapted


def _shape(suite: Suite) -> CausalLM:
    """The model without its memory, to count bytes by."""
    config = ModelConfig.load(Path(suite.model))
    return CausalLM.empty(config, dtype=getattr(torch, suite.dtype), device="meta")
