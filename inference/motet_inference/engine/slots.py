"""What the engine asks of whoever keeps adapters on the device."""

from typing import Protocol

from motet_inference.engine.messages import AdapterRef
from motet_inference.models.lora import LoraWeights


class Slots(Protocol):
    """A fixed number of adapter slots on the device.

    `acquire` pins, and raises `AdapterError` for an adapter that can never be had; it answers None
    while the adapter loads off the step path, and while every slot is pinned.
    """

    @property
    def weights(self) -> LoraWeights: ...

    def acquire(self, ref: AdapterRef) -> int | None: ...
    def release(self, slot: int) -> None: ...
    def warm(self, ref: AdapterRef) -> None: ...
    def poll(self) -> tuple[list[str], list[str]]: ...
    def close(self) -> None: ...
