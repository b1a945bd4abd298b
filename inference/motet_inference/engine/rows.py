"""One chunk of a step, with all that the model's side needs to know of it, fit for a pipe."""

from __future__ import annotations

import msgspec

from motet_inference.engine.plan import Chunk


class Row(msgspec.Struct, frozen=True, array_like=True):
    """Tokens at positions `start` and on of a sequence whose cache lies in `blocks`, int32.

    `slot` is its adapter's, -1 for none; `samples` if a new token follows from its last one.
    """

    tokens: list[int]
    start: int
    blocks: bytes
    slot: int
    samples: bool

    @classmethod
    def of(cls, chunk: Chunk) -> Row:
        choice, slot = chunk.choice, chunk.choice.request.slot
        return cls(
            tokens=choice.tokens[chunk.start : chunk.start + chunk.count],
            start=chunk.start,
            blocks=choice.blocks.tobytes(),
            slot=-1 if slot is None else slot,
            samples=chunk.samples,
        )
