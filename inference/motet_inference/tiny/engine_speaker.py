"""motet-tiny, or one of its adapters, through the serving engine: answers and likelihoods."""

from __future__ import annotations

import json
import time
from types import TracebackType

import torch
from motet_kernels.attention import AttentionBatch
from motet_kernels.lora import LoraBatch

from motet_inference.adapters.slots import AdapterSlots
from motet_inference.engine.batch import Batch
from motet_inference.engine.config import EngineConfig
from motet_inference.engine.engine import Engine
from motet_inference.engine.messages import AdapterRef, Add, Sampling
from motet_inference.models.kv_cache import KVCache
from motet_inference.models.loader import load_model
from motet_inference.tiny import ADAPTERS, BASE, tokenizer
from motet_inference.tiny.text.chat import Chat

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
_ROOM, _BLOCK, _BUDGET = 40, 16, 1 << 30


class EngineSpeaker:
    """One voice. A context manager: the slots have a thread."""

    def __init__(self, adapter: str | None, *, dtype: torch.dtype, fp8: bool, device: str) -> None:
        self._tokenizer = tokenizer.load(BASE)
        self._model = load_model(BASE, dtype=dtype, device=device, fp8=fp8)
        self._slots = AdapterSlots(
            self._model.config,
            num_slots=1,
            max_rank=64,
            dtype=dtype,
            device=device,
            host_bytes=1 << 26,
        )
        self._ref = _ref(adapter) if adapter else None
        if self._ref is not None:  # kept, since the likelihoods do without the engine
            while self._slots.acquire(self._ref) is None:
                time.sleep(0.01)
        context = tokenizer.CONTEXT
        self._engine = Engine(
            self._model,
            EngineConfig(num_blocks=8 * context // _BLOCK, max_context=context, token_budget=2048),
            self._slots,
        )

    def __enter__(self) -> EngineSpeaker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._slots.close()

    def answers(self, items: list[Chat]) -> list[str]:
        """Greedy, each given room for the right answer and some more."""
        tokens: dict[str, list[int]] = {}
        for number, item in enumerate(items):
            prompt, answer = self._framed(item)
            tokens[str(number)] = []
            self._engine.add(
                Add(
                    request_id=str(number),
                    account="tiny",
                    salt=b"tiny",
                    prompt=prompt,
                    prompt_budget=_BUDGET,
                    output_budget=_BUDGET,
                    sampling=Sampling(temperature=0.0, max_tokens=len(answer) + _ROOM),
                    adapter=self._ref,
                )
            )
        while self._engine.has_work:
            output = self._engine.step()
            if output.refused:
                raise RuntimeError(output.refused[0].message)
            for token in output.tokens:
                tokens[token.request_id].append(token.token_id)
        decoded = (self._tokenizer.decode(of, skip_special_tokens=True) for of in tokens.values())
        return [str(text) for text in decoded]

    @torch.inference_mode()
    def logprobs(self, items: list[Chat]) -> list[tuple[list[float], list[float]]]:
        """How likely it finds each token of the prompts, and of the right answers with their ends.

        Natural logs. The first token of all has nothing before it and is left out.
        """
        return [self._logprobs(*self._framed(item)) for item in items]

    def _framed(self, item: Chat) -> tuple[list[int], list[int]]:
        """The tokens up to the answer, and those of the answer up to its end."""
        head, answer = tokenizer.framed(item)
        encode = self._tokenizer.encode
        # What follows the end is the template's, which no voice writes.
        own = encode(answer.removesuffix("\n"), add_special_tokens=False).ids
        return encode(head, add_special_tokens=False).ids, own

    def _logprobs(self, prompt: list[int], answer: list[int]) -> tuple[list[float], list[float]]:
        ids = torch.tensor(prompt + answer, device=self._model.device)
        lora = None
        if self._ref is not None:
            weights = self._slots.weights
            lora = LoraBatch.build([0] * len(ids), weights.ranks_host, weights.ranks, ids.device)
        logits = self._model.forward(
            _one_sequence(ids, lora), self._cache(len(ids)), self._slots.weights
        )
        likings = logits[:-1].float().log_softmax(-1).gather(1, ids[1:, None])
        found = [float(value) for value in likings[:, 0]]
        return found[: len(prompt) - 1], found[len(prompt) - 1 :]

    def _cache(self, tokens: int) -> KVCache:
        return KVCache.build(
            self._model.config,
            num_blocks=-(-tokens // _BLOCK),
            block_size=_BLOCK,
            dtype=self._model.dtype,
            device=self._model.device,
        )


def _ref(adapter: str) -> AdapterRef:
    folder = ADAPTERS[adapter]
    config = json.loads((folder / "adapter_config.json").read_text())
    rank = max(config["r"], *config["rank_pattern"].values(), 0)
    return AdapterRef(digest=adapter, path=str(folder), rank=rank)


def _one_sequence(ids: torch.Tensor, lora: LoraBatch | None) -> Batch:
    """All of it in one step, in a cache of its own."""
    count = len(ids)

    def ints(values: list[int]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.int32, device=ids.device)

    places = torch.arange(count, device=ids.device)
    return Batch(
        token_ids=ids,
        positions=places,
        slot_mapping=places,
        attention=AttentionBatch(
            query_start=ints([0, count]),
            kv_len=ints([count]),
            block_tables=ints(list(range(-(-count // _BLOCK)))).unsqueeze(0),
            max_query=count,
            max_kv=count,
        ),
        lora=lora,
        logit_rows=None,
    )
