"""Everything that one step needs, frozen."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from motet_kernels.attention import AttentionBatch
from motet_kernels.lora import LoraBatch
from torch import Tensor

from motet_inference.engine.plan import Chunk
from motet_inference.engine.transfer import send
from motet_inference.models.lora import LoraWeights


@dataclass(frozen=True)
class Batch:
    """T tokens of B choices, R of which sample.

    Attributes:
        token_ids: int64 [T].
        positions: int64 [T], in their sequences.
        slot_mapping: int64 [T], where their keys and values go: `block * block_size + offset`.
        attention: who sees what.
        lora: which token has which adapter; None when none has.
        logit_rows: int64 [R], the tokens whose logits are asked for; None for all.
    """

    token_ids: Tensor
    positions: Tensor
    slot_mapping: Tensor
    attention: AttentionBatch
    lora: LoraBatch | None
    logit_rows: Tensor | None

    @classmethod
    def build(
        cls,
        chunks: Sequence[Chunk],
        *,
        block_size: int,
        lora_weights: LoraWeights | None,
        device: torch.device,
    ) -> "Batch":
        """Lay out the chunks one after the other, each choice's blocks already being its own."""
        token_ids: list[int] = []
        positions: list[int] = []
        places: list[int] = []
        token_slots: list[int] = []
        for chunk in chunks:
            span = range(chunk.start, chunk.start + chunk.count)
            blocks = chunk.choice.blocks
            token_ids += chunk.choice.tokens[span.start : span.stop]
            positions += span
            places += [blocks[p // block_size] * block_size + p % block_size for p in span]
            slot = chunk.choice.request.slot
            token_slots += [-1 if slot is None else slot] * chunk.count
        ends = list(accumulate(chunk.count for chunk in chunks))
        rows = [end - 1 for end, chunk in zip(ends, chunks, strict=True) if chunk.samples]
        on_device = send(
            [
                torch.tensor(token_ids),
                torch.tensor(positions),
                torch.tensor(places),
                torch.tensor(rows, dtype=torch.int64),
                *_sequences(chunks, ends, block_size),
            ],
            device,
        )
        lora = None
        if lora_weights is not None:
            lora = LoraBatch.build(token_slots, lora_weights.ranks_host, lora_weights.ranks, device)
        return cls(
            token_ids=on_device[0],
            positions=on_device[1],
            slot_mapping=on_device[2],
            logit_rows=on_device[3],
            attention=AttentionBatch(
                query_start=on_device[4],
                kv_len=on_device[5],
                block_tables=on_device[6],
                max_query=max(chunk.count for chunk in chunks),
                max_kv=max(chunk.start + chunk.count for chunk in chunks),
            ),
            lora=lora,
        )


def _sequences(
    chunks: Sequence[Chunk], ends: list[int], block_size: int
) -> tuple[Tensor, Tensor, Tensor]:
    """`query_start`, `kv_len` and `block_tables` of an AttentionBatch, on the host."""
    lengths = [chunk.start + chunk.count for chunk in chunks]
    widest = -(-max(lengths) // block_size)
    tables = [(chunk.choice.blocks[:widest] + [0] * widest)[:widest] for chunk in chunks]
    return (
        torch.tensor([0, *ends], dtype=torch.int32),
        torch.tensor(lengths, dtype=torch.int32),
        torch.tensor(tables, dtype=torch.int32),
    )
