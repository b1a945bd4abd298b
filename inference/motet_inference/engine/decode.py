"""Pure decode steps over fixed buffers, so that a CUDA device can record them once and replay them.

Launched one by one, the kernels of a step of an 8B model keep the host busy for 11 ms and more,
where the device needs 4 (docs/benchmarks.md). A graph is one launch. It takes fixed addresses and
shapes: the inputs lie in one buffer, filled by one copy, and a step is padded to the next size.
Of several ranks only the first fills its buffer; a step begins by copying it to the others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch
from motet_kernels import best_tokens
from motet_kernels.attention import AttentionBatch
from motet_kernels.lora import LoraBatch, sort_by_slot
from torch import Tensor

from motet_inference.engine.batch import Batch
from motet_inference.engine.plan import Chunk
from motet_inference.models.kv_cache import KVCache
from motet_inference.models.llama import CausalLM
from motet_inference.models.lora import LoraWeights
from motet_inference.ranks.collectives import from_first

# Of a decode step's LoRA tiles: it seldom has more than so many rows of one adapter.
TILE_ROWS = 16

# A step's forward pass: all rows' logits [size, V] and `best_tokens` of them.
Forward = Callable[[], tuple[Tensor, Tensor]]
# Puts something around the steps of so many rows, such as a clock.
Watch = Callable[[int, Forward], Forward]


def sizes(most: int) -> list[int]:
    """The numbers of rows that are recorded, ascending: close together where padding would cost."""
    steps = [1, 2, 4, *range(8, 64, 8), *range(64, most, 32)]
    return [*(size for size in steps if size < most), most]


class Inputs:
    """The inputs of a decode step of `size` rows, packed alike on the host and on the device.

    Padding rows read position 0 of block 0, write nothing and have no adapter.
    """

    def __init__(
        self,
        size: int,
        *,
        blocks: int,
        block_size: int,
        ranks: Sequence[int] | None,
        device: torch.device,
    ) -> None:
        self.size = size
        self._block_size, self._ranks = block_size, ranks
        shapes: dict[str, tuple[int, ...]] = {
            "tokens": (3, size),  # ids, positions, places
            "kv_len": (size,),
            "tables": (size, blocks),
        }
        if ranks is not None:
            shapes |= {
                "token_slot": (size,),
                "order": (size,),
                "seg_slot": (size,),
                "seg_start": (size + 1,),
                "tiles": (size, 4),
            }
        # Each part begins at 16 bytes, as vector loads want it.
        length = sum(-(-prod(shape) // 4) * 4 for shape in shapes.values())
        cuda = device.type == "cuda"
        # Two on the host: the copy of a step's inputs may not have begun when those of the next one
        # are laid out, while those of the one before are long used.
        self._packed = [torch.zeros(length, dtype=torch.int32, pin_memory=cuda) for _ in range(2)]
        self._hosts = [
            {name: t.numpy() for name, t in _parts(packed, shapes).items()}
            for packed in self._packed
        ]
        self.on_device = torch.zeros(length, dtype=torch.int32, device=device)
        self.device = _parts(self.on_device, shapes)
        self.query_start = torch.arange(size + 1, dtype=torch.int32, device=device)
        self.fill([], None)

    def fill(self, chunks: Sequence[Chunk], tokens: Tensor | None) -> None:
        """Lay out one token of each chunk's choice, and copy it all to the device.

        Args:
            chunks: at most `size`.
            tokens: int64 [len(chunks)] on the device, where the choices do not know them yet.
        """
        self._packed.reverse()
        self._hosts.reverse()
        host, count, size = self._hosts[0], len(chunks), self._block_size
        positions = [chunk.start for chunk in chunks]
        host["tokens"][:2, count:] = 0
        host["tokens"][2, count:] = -1
        host["tokens"][1, :count] = positions
        host["tokens"][2, :count] = [
            chunk.choice.blocks[p // size] * size + p % size
            for chunk, p in zip(chunks, positions, strict=True)
        ]
        if tokens is None:
            host["tokens"][0, :count] = [c.choice.tokens[c.start] for c in chunks]
        host["kv_len"][count:] = 1
        host["kv_len"][:count] = [p + 1 for p in positions]
        host["tables"][count:, 0] = 0
        for row, chunk in enumerate(chunks):
            host["tables"][row, : len(chunk.choice.blocks)] = chunk.choice.blocks
        if self._ranks is not None:
            self._fill_lora(host, chunks, self._ranks)
        self.on_device.copy_(self._packed[0], non_blocking=True)
        if tokens is not None:
            self.device["tokens"][0, :count].copy_(tokens)

    def _fill_lora(
        self, host: dict[str, Any], chunks: Sequence[Chunk], ranks: Sequence[int]
    ) -> None:
        slots = [chunk.choice.request.slot for chunk in chunks]
        token_slot = np.array([-1 if slot is None else slot for slot in slots], np.int64)
        order, used, starts, tiles = sort_by_slot(token_slot, TILE_ROWS, ranks)
        host["token_slot"][: len(slots)] = token_slot
        host["token_slot"][len(slots) :] = -1
        host["order"][: len(order)] = order
        host["seg_slot"][: len(used)] = used
        host["seg_start"][: len(starts)] = starts
        host["seg_start"][len(starts) :] = starts[-1]
        host["tiles"][: len(tiles)] = tiles
        host["tiles"][len(tiles) :] = -1, 0, 0, 0


@dataclass(frozen=True)
class _Step:
    """One size of one family."""

    inputs: Inputs
    run: Forward


class Decoder:
    """Decode steps of every size, with adapters and without. Not safe for use by several threads.

    A device other than CUDA runs the same steps over the same buffers, launched one by one.
    """

    def __init__(
        self,
        model: CausalLM,
        kv: KVCache,
        lora_weights: LoraWeights | None,
        *,
        max_batch: int,
        max_context: int,
        watch: Watch | None = None,
    ) -> None:
        self._model, self._kv, self._lora_weights = model, kv, lora_weights
        self._watch = watch
        self._max_context = max_context
        self._sizes = sizes(max_batch)
        self._pool = torch.cuda.graph_pool_handle() if model.device.type == "cuda" else None
        # The largest first: the others then find its memory free in the pool.
        self._steps = {
            (size, lora): self._build(size, lora)
            for lora in ([False] if lora_weights is None else [False, True])
            for size in reversed(self._sizes)
        }

    def takes(self, chunks: Sequence[Chunk]) -> bool:
        """Whether this step is one token of each choice, and every one samples."""
        fits = 0 < len(chunks) <= self._sizes[-1]
        return fits and all(chunk.count == 1 and chunk.samples for chunk in chunks)

    def fit(self, chunks: Sequence[Chunk]) -> tuple[int, bool]:
        """The size and family of the step that these chunks take."""
        lora = any(chunk.choice.request.slot is not None for chunk in chunks)
        return next(size for size in self._sizes if size >= len(chunks)), lora

    def repeat(self, size: int, lora: bool) -> None:
        """Take part in the step that rank 0 runs."""
        self._steps[size, lora].run()

    def run(self, chunks: Sequence[Chunk], tokens: Tensor | None) -> tuple[Tensor, Tensor]:
        """Logits [len(chunks), V] and their `best_tokens`, good until the next call.

        The inputs are the choices' own last tokens, or `tokens` where those are not read yet.
        """
        step = self._steps[self.fit(chunks)]
        step.inputs.fill(chunks, tokens)
        logits, best = step.run()
        return logits[: len(chunks)], best[:, : len(chunks)]

    def _build(self, size: int, lora: bool) -> _Step:
        inputs = Inputs(
            size,
            blocks=-(-self._max_context // self._kv.block_size),
            block_size=self._kv.block_size,
            ranks=self._lora_weights.ranks_host if lora and self._lora_weights else None,
            device=self._model.device,
        )

        def run() -> tuple[Tensor, Tensor]:
            return self._forward(inputs, lora)

        ready = run if self._pool is None else self._record(run)
        return _Step(inputs, self._watch(size, ready) if self._watch else ready)

    def _record(self, run: Forward) -> Forward:
        # Once before, on a stream of its own: kernels are compiled and libraries make their
        # workspaces then, which a recording may not do.
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            run()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        # Adapters may be loading in another thread, whose calls are no part of this.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            results = run()

        def replay() -> tuple[Tensor, Tensor]:
            graph.replay()
            return results

        return replay

    def _forward(self, inputs: Inputs, lora: bool) -> tuple[Tensor, Tensor]:
        from_first(inputs.on_device, self._model.config.shard)
        token_ids, positions, places = inputs.device["tokens"].long()
        batch = Batch(
            token_ids=token_ids,
            positions=positions,
            slot_mapping=places,
            attention=AttentionBatch(
                query_start=inputs.query_start,
                kv_len=inputs.device["kv_len"],
                block_tables=inputs.device["tables"],
                max_query=1,
                max_kv=self._max_context,
            ),
            lora=self._lora_batch(inputs) if lora else None,
            logit_rows=None,
        )
        logits = self._model.forward(batch, self._kv, self._lora_weights)
        return logits, best_tokens(logits)

    def _lora_batch(self, inputs: Inputs) -> LoraBatch:
        assert self._lora_weights is not None
        return LoraBatch(
            **{name: inputs.device[name] for name in ("token_slot", "order", "seg_slot")},
            seg_start=inputs.device["seg_start"],
            tiles=inputs.device["tiles"],
            ranks=self._lora_weights.ranks,
            num_slots_used=inputs.size,
            max_rank=self._lora_weights.layers[0].qkv.b.shape[2],
            max_segment=inputs.size,
            tile_rows=TILE_ROWS,
        )


def _parts(packed: Tensor, shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    parts, at = {}, 0
    for name, shape in shapes.items():
        parts[name] = packed[at : at + prod(shape)].view(shape)
        at += -(-prod(shape) // 4) * 4
    return parts
