"""Low-rank adapters of many tenants, applied to one batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

# Whole numbers on the host, as a step is laid out there.
Ints = np.ndarray[Any, np.dtype[np.int64]]


class LoraGroup(Protocol):
    """The adapters of one merged projection: a [S, n*R, in], b [S, out, R] with the scale in it."""

    @property
    def a(self) -> Tensor: ...
    @property
    def b(self) -> Tensor: ...
    @property
    def slices(self) -> tuple[int, ...]: ...


@dataclass(frozen=True)
class LoraBatch:
    """Which token of a step uses which adapter slot, sorted by slot.

    Attributes:
        token_slot: int32 [T], -1 where a token has no adapter.
        order: int32 [N], the tokens with an adapter, sorted by slot, in token order within it;
            what lies past `seg_start[G]` is padding.
        seg_slot: int32 [G], the slots in use, ascending.
        seg_start: int32 [G+1]; segment g owns `order[seg_start[g]:seg_start[g+1]]`.
        tiles: int32 [P, 4] of (slot, start, end, rank): each segment cut into runs of at most
            `tile_rows`, the unit of work of the kernels. Slot -1 is padding and does nothing.
        ranks: int32 [S], the rank of each slot.
        num_slots_used: G.
        max_rank: largest rank in use.
        max_segment: tokens of the longest segment.
        tile_rows: 16, 32 or 64.
    """

    token_slot: Tensor
    order: Tensor
    seg_slot: Tensor
    seg_start: Tensor
    tiles: Tensor
    ranks: Tensor
    num_slots_used: int
    max_rank: int
    max_segment: int
    tile_rows: int

    @classmethod
    def build(
        cls,
        token_slot: Sequence[int] | Ints,
        ranks_host: Sequence[int],
        ranks: Tensor,
        device: torch.device | str,
    ) -> "LoraBatch | None":
        """Sort a step's tokens by slot, on the host; one copy takes the result to the device.

        Args:
            token_slot: [T], on the host; -1 where a token has no adapter.
            ranks_host: the rank of each slot.
            ranks: the same, int32 [S], on the device.
            device: where the batch is to live.

        Returns:
            None when no token has an adapter.

        Raises:
            ValueError: a slot that does not exist.
        """
        slots = np.asarray(token_slot, np.int64)
        used, counts = np.unique(slots[slots >= 0], return_counts=True)
        if not len(used):
            return None
        if used[-1] >= len(ranks_host) or slots.min() < -1:
            raise ValueError(f"slots {sorted(set(slots.tolist()))} of {len(ranks_host)}")
        lengths: list[int] = counts.tolist()
        rows = _tile_rows(lengths)
        parts = [slots, *sort_by_slot(slots, rows, ranks_host)]
        packed = np.concatenate([part.reshape(-1) for part in parts]).astype(np.int32)
        on_device = torch.split(
            _to_device(torch.from_numpy(packed), torch.device(device)),
            [part.size for part in parts],
        )
        return cls(
            token_slot=on_device[0],
            order=on_device[1],
            seg_slot=on_device[2],
            seg_start=on_device[3],
            tiles=on_device[4].view(-1, 4),
            ranks=ranks,
            num_slots_used=len(lengths),
            max_rank=max(ranks_host[slot] for slot in used.tolist()),
            max_segment=max(lengths),
            tile_rows=rows,
        )


def add_lora(
    y: Tensor, x: Tensor, a: Tensor, b: Tensor, lora: LoraBatch, slices: tuple[int, ...]
) -> None:
    """Add each token's adapter product to the output of a (merged) projection, in place.

    Semantics, for a token t in slot s of rank r, and each slice j of y's columns:
    `y[t, slice_j] += (x[t] @ a[s, j*R : j*R + r]^T) @ b[s, slice_j, :r]^T`. Tokens without an
    adapter are untouched. Accumulates in fp32 and rounds y once. Whatever a and b hold beyond a
    slot's rank, and in other slots, has no influence.
    Source: Chen et al., "Punica" (2023), with the rank read per slot.

    Args:
        y: [T, sum(slices)], the base projection's output; contiguous columns.
        x: [T, K], its input; contiguous columns.
        a: [S, len(slices) * R, K], contiguous.
        b: [S, sum(slices), R], contiguous, with the adapter's scale folded in.
        lora: the tokens by slot.
        slices: widths of the merged projections, such as (q, k, v); at most three.

    Raises:
        ValueError: shapes, strides or dtypes that do not fit together.
    """
    if y.is_cuda:
        from motet_kernels._triton.lora import add_lora_triton

        _check(y, x, a, b, lora, slices)
        add_lora_triton(y, x, a, b, lora, slices)
    else:
        add_lora_torch(y, x, a, b, lora, slices)


def add_lora_torch(
    y: Tensor, x: Tensor, a: Tensor, b: Tensor, lora: LoraBatch, slices: tuple[int, ...]
) -> None:
    """The torch twin of `add_lora`: two products for each segment and slice."""
    _check(y, x, a, b, lora, slices)
    stacked = a.view(a.shape[0], len(slices), b.shape[2], a.shape[2])
    starts = lora.seg_start.tolist()
    order = lora.order[: starts[-1]].long()
    wide, out = x[order].float(), y[order].float()
    columns = [slice(sum(slices[:j]), sum(slices[: j + 1])) for j in range(len(slices))]
    ranks = lora.ranks.tolist()
    for g, slot in enumerate(lora.seg_slot.tolist()):
        rank, rows = ranks[slot], slice(starts[g], starts[g + 1])
        for j, column in enumerate(columns):
            hidden = wide[rows] @ stacked[slot, j, :rank].float().t()
            out[rows, column].addmm_(hidden, b[slot, column, :rank].float().t())
    y[order] = out.to(y.dtype)


def _tile_rows(lengths: list[int]) -> int:
    """Rows of a tile: 16 is the least that a tensor core takes, and all that decode fills."""
    if max(lengths) <= 16:
        return 16
    return 32 if sum(lengths) < 2048 else 64


def sort_by_slot(
    token_slot: Ints, rows: int, ranks: Sequence[int]
) -> tuple[Ints, Ints, Ints, Ints]:
    """`order`, `seg_slot`, `seg_start` and `tiles` of a LoraBatch with tiles of so many rows."""
    tokens = np.flatnonzero(token_slot >= 0)
    order = tokens[np.argsort(token_slot[tokens], kind="stable")]
    used, counts = np.unique(token_slot[tokens], return_counts=True)
    starts = np.concatenate([[0], np.cumsum(counts)])
    tiles = [
        (slot, at, min(at + rows, end), ranks[slot])
        for slot, (start, end) in zip(used.tolist(), pairwise(starts.tolist()), strict=True)
        for at in range(start, end, rows)
    ]
    return order, used, starts, np.array(tiles, np.int64).reshape(-1, 4)


def _to_device(packed: Tensor, device: torch.device) -> Tensor:
    if device.type == "cpu":
        return packed
    return packed.pin_memory().to(device, non_blocking=True)


def _check(
    y: Tensor, x: Tensor, a: Tensor, b: Tensor, lora: LoraBatch, slices: tuple[int, ...]
) -> None:
    tokens, width = lora.token_slot.shape[0], b.shape[2]
    if not 1 <= len(slices) <= 3:
        raise ValueError(f"one to three slices, not {slices}")
    if (
        y.shape != (tokens, sum(slices))
        or x.shape != (tokens, a.shape[2])
        or a.shape[1] != len(slices) * width
        or b.shape[:2] != (a.shape[0], sum(slices))
    ):
        raise ValueError(
            f"y {tuple(y.shape)}, x {tuple(x.shape)}, a {tuple(a.shape)}, b {tuple(b.shape)}, "
            f"{tokens} tokens and slices {slices} do not fit together"
        )
    if {y.dtype, x.dtype, a.dtype, b.dtype} != {y.dtype}:
        raise ValueError(f"one dtype, not {y.dtype}, {x.dtype}, {a.dtype}, {b.dtype}")
    if not all(t.is_contiguous() for t in (y[:1], x[:1], a, b)):
        raise ValueError("y and x must have contiguous columns, a and b must be contiguous")
    if lora.max_rank > width:
        raise ValueError(f"rank {lora.max_rank} is over the slots' {width}")
