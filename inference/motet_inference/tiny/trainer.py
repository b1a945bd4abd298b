"""Trainer: one optimisation loop for the base and the adapters."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from motet_inference.tiny.corpus import Example, Tokens

IGNORED = -100
"""The label of positions that are not learned, as transformers' losses take it."""

Batch = tuple[Tensor, Tensor]
"""(input ids [B, T] int64, labels [B, T] int64)"""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast: it ends at `steps` or after `seconds`, whichever comes first."""

    steps: int
    seconds: float
    peak: float
    warmup: float = 0.03
    floor: float = 0.02
    decay: float = 0.1

    def __post_init__(self) -> None:
        if self.steps < 1 or self.seconds <= 0 or self.peak <= 0:
            raise ValueError(f"steps, seconds and peak must be positive: {self}")

    def progress(self, step: int, elapsed: float) -> float:
        return max(step / self.steps, elapsed / self.seconds)

    def rate(self, progress: float) -> float:
        """Linear warm-up, then a cosine down to `floor` of the peak."""
        if progress < self.warmup:
            return self.peak * max(progress, 1e-3) / self.warmup
        turn = math.pi * min(1.0, (progress - self.warmup) / (1 - self.warmup))
        return self.peak * (self.floor + (1 - self.floor) * (1 + math.cos(turn)) / 2)


def rows(tokens: Tokens, *, length: int, size: int, seed: int) -> Iterator[Batch]:
    """Endless batches of `size` rows of `length` tokens, cut at a new offset each time round."""
    rng = np.random.default_rng(seed)
    while True:
        shifted = tokens[rng.integers(length) :]
        table = shifted[: len(shifted) // length * length].reshape(-1, length)
        order = rng.permutation(len(table))
        for first in range(0, max(1, len(order) - size + 1), size):
            batch = torch.from_numpy(table[order[first : first + size]].astype(np.int64))
            yield batch, batch


def answers(examples: Sequence[Example], *, size: int, seed: int) -> Iterator[Batch]:
    """Endless padded batches in which only the answers are learned.

    Padding stands on the right, where a causal model never sees it, so no mask is needed.
    """
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(len(examples))
        for first in range(0, len(order), size):
            chosen = [examples[i] for i in order[first : first + size]]
            width = -(-max(len(e.tokens) for e in chosen) // 16) * 16
            ids = torch.zeros(len(chosen), width, dtype=torch.int64)
            labels = torch.full_like(ids, IGNORED)
            for row, example in enumerate(chosen):
                tokens = torch.from_numpy(example.tokens.astype(np.int64))
                ids[row, : len(tokens)] = tokens
                labels[row, example.start : len(tokens)] = tokens[example.start :]
            yield ids, labels


def train(
    model: torch.nn.Module,
    batches: Iterator[Batch],
    schedule: Schedule,
    *,
    device: torch.device,
    report: Callable[[str], None],
) -> None:
    """Train in place. On CUDA the matrix products run in bfloat16; the weights stay as they are."""
    model.to(device).train()
    weights = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in weights if p.ndim > 1], "weight_decay": schedule.decay},
        {"params": [p for p in weights if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(
        [g for g in groups if g["params"]],
        lr=schedule.peak, betas=(0.9, 0.98), fused=device.type == "cuda",
    )  # fmt: skip
    narrow = torch.autocast("cuda", torch.bfloat16) if device.type == "cuda" else nullcontext()
    begun, reported, step, progress, seen = time.monotonic(), 0.0, 0, 0.0, 0
    while progress < 1:
        ids, labels = (part.to(device, non_blocking=True) for part in next(batches))
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate(progress)
        with narrow:
            loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step, seen = step + 1, seen + ids.numel()
        elapsed = time.monotonic() - begun
        progress = schedule.progress(step, elapsed)
        if elapsed - reported > 5 or progress >= 1:
            reported = elapsed
            speed = seen / elapsed
            report(f"step {step} {elapsed:.0f}s loss {loss.item():.4f} {speed / 1e3:.0f}k tok/s")
    model.eval()
