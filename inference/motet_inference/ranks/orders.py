"""What rank 0 tells the other ranks, and what they answer.

An order comes before rank 0 does the same thing itself, and orders are obeyed one after the other:
so all ranks enter the same collectives in the same order. Same manner as `engine.messages`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from motet_inference.engine.config import EngineConfig
from motet_inference.engine.messages import AdapterRef
from motet_inference.engine.rows import Row


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """A follower's place, on its command line: see `group.join`. `device` is rank 0's."""

    rank: int
    size: int
    port: int
    device: str
    threads: int


class Model(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Load your share of this folder's model, or draw it at random by its config.json."""

    folder: str
    dtype: str
    fp8: bool
    random: bool = False


class Slots(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Make room for adapters, in the place of what was made before; `keep`: see `AdapterSlots`."""

    num_slots: int
    max_rank: int
    host_bytes: int
    keep: bool = False


class Fill(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Put a random adapter into every slot; for measuring."""

    rank: int
    targets: tuple[str, ...]


class Room(msgspec.Struct, frozen=True, tag=True):
    """Find the least memory that any rank has left for a cache."""


class Sizes(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Make a cache and the steps over it, in the place of what was made before."""

    engine: EngineConfig
    lora: bool


class Mixed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Run a step of any rows."""

    rows: list[Row]


class Decode(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Run the decode step of this size and family; its inputs come through a collective."""

    size: int
    lora: bool


class Read(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Bring your share of an adapter into host memory; it may be wanted in a slot soon."""

    adapter: AdapterRef


class Place(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Bring it into a slot that no later step reads before this is answered with `Placed`."""

    adapter: AdapterRef
    slot: int


class Check(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Compare a slot with what was put there; a difference ends the rank, and so all."""

    slot: int


class Leave(msgspec.Struct, frozen=True, tag=True):
    """There are no more orders."""


Order = Model | Slots | Fill | Room | Sizes | Mixed | Decode | Read | Place | Check | Leave


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """An adapter is in its slot; or is not, for the reason of an `AdapterError`."""

    code: Literal["", "adapter_unavailable", "adapter_digest_mismatch", "adapter_incompatible"] = ""
    message: str = ""


_encoder = msgspec.msgpack.Encoder()
_order: msgspec.msgpack.Decoder[Order] = msgspec.msgpack.Decoder(Order)
_placed = msgspec.msgpack.Decoder(Placed)


def encode(message: Order | Placed) -> bytes:
    return _encoder.encode(message)


def decode_order(data: bytes) -> Order:
    return _order.decode(data)


def decode_placed(data: bytes) -> Placed:
    return _placed.decode(data)
