"""How messages lie on the local pipe between the front and the engine core.

A frame is a 4-byte length, a 1-byte kind and a MessagePack body. Front to core there is one kind,
`ToCore`; what the core says beside its step outputs is defined here.
"""

from __future__ import annotations

import struct
from typing import Literal

import msgspec

MAX_FRAME = 1 << 30
HEADER = struct.Struct("!IB")

Kind = Literal[0, 1, 2, 3]
TO_CORE: Kind = 0
STEP: Kind = 1
READY: Kind = 2
TIERS: Kind = 3


class CoreInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The core's first message: it serves, and this is its size."""

    num_blocks: int
    max_context: int
    vocab_size: int
    num_slots: int


class Tiers(msgspec.Struct, frozen=True, kw_only=True):
    """Where adapters are, by digest."""

    gpu: list[str]
    host: list[str]


_encoder = msgspec.msgpack.Encoder()
_info = msgspec.msgpack.Decoder(CoreInfo)
_tiers = msgspec.msgpack.Decoder(Tiers)


def frame(kind: Kind, body: bytes) -> bytes:
    return HEADER.pack(len(body), kind) + body


def encode(message: CoreInfo | Tiers) -> bytes:
    return _encoder.encode(message)


def decode_info(body: bytes) -> CoreInfo:
    return _info.decode(body)


def decode_tiers(body: bytes) -> Tiers:
    return _tiers.decode(body)
