"""Everything that one step needs, frozen."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import torch
from motet_kernels.attention import AttentionBatch
from motet_kernels.lora import Ints, LoraBatch
from torch import Tensor

from motet_inference.engine.rows import Row
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
        rows: Sequence[Row],
        *,
        block_size: int,
        lora_weights: LoraWeights | None,
        device: torch.device,
    ) -> "Batch":
        """Lay out the rows one after the other, each sequence's blocks already being its own."""
        token_ids: list[Ints] = []
        positions: list[Ints] = []
        places: list[Ints] = []
        slots = np.array([row.slot for row in rows])
        for row in rows:
            span = np.arange(row.start, row.start + len(row.tokens))
            blocks = np.frombuffer(row.blocks, np.int32).astype(np.int64)
            token_ids.append(np.array(row.tokens, np.int64))
            positions.append(span)
            places.append(blocks[span // block_size] * block_size + span % block_size)
        ends = list(accumulate(len(row.tokens) for row in rows))
        sampling = [end - 1 for end, row in zip(ends, rows, strict=True) if row.samples]
        on_device = send(
            [
                torch.from_numpy(np.concatenate(token_ids)),
                torch.from_numpy(np.concatenate(positions)),
                torch.from_numpy(np.concatenate(places)),
                torch.tensor(sampling, dtype=torch.int64),
                *_sequences(rows, ends, block_size),
            ],
            device,
        )
        lora = None
        if lora_weights is not None:
            token_slots = slots.repeat([len(row.tokens) for row in rows])
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
                max_query=max(len(row.tokens) for row in rows),
                max_kv=max(row.start + len(row.tokens) for row in rows),
            ),
            lora=lora,
        )


def _sequences(
    rows: Sequence[Row], ends: list[int], block_size: int
) -> tuple[Tensor, Tensor, Tensor]:
    """`query_start`, `kv_len` and `block_tables` of an AttentionBatch, on the host."""
    lengths = [row.start + len(row.tokens) for row in rows]
    widest = -(-max(lengths) // block_size)
    tables = np.zeros((len(rows), widest), np.int32)
    for table, row in zip(tables, rows, strict=True):
        blocks = np.frombuffer(row.blocks, np.int32)[:widest]
        table[: len(blocks)] = blocks
    return (
        torch.tensor([0, *ends], dtype=torch.int32),
        torch.tensor(lengths, dtype=torch.int32),
        torch.from_numpy(tables),
    )
