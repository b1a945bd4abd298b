"""An adapter's way into a slot: files -> host memory -> device memory, and the proof of it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch

from motet_inference.adapters.blob import AdapterWeights, Room
from motet_inference.adapters.slot_file import SlotFile
from motet_inference.adapters.slot_tensors import LoraWeights
from motet_inference.adapters.weights import load_adapter
from motet_inference.engine.messages import AdapterRef
from motet_inference.models.config import ModelConfig


class SlotLoader:
    """The slots of one device, and how they are filled; `read`, `keep` and `write` are for one
    thread.

    On CUDA copies run on a stream of their own.
    """

    def __init__(
        self,
        config: ModelConfig,
        *,
        num_slots: int,
        max_rank: int,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        self._file = SlotFile(config, dtype)
        self.weights = LoraWeights.zeros(
            config, num_slots=num_slots, max_rank=max_rank, dtype=dtype, device=device
        )
        self._config, self._dtype, self._device = config, dtype, device
        self._stream = _side_stream(device) if device.type == "cuda" else None
        self._sums: dict[int, int] = {}  # slot -> checksum of the weights that were put there

    def read(self, ref: AdapterRef, room: Room) -> AdapterWeights:
        """Into host memory, in slot layout. Raises AdapterError."""
        folder, most = Path(ref.path), self.weights.max_rank
        with self._here():
            return self._file.read(folder, max_rank=most, room=room) or load_adapter(
                folder, self._config, max_rank=most, dtype=self._dtype, room=room
            )

    def keep(self, ref: AdapterRef, weights: AdapterWeights) -> None:
        """On disk too, in slot layout, so that the next `read` is a quick one."""
        self._file.write(Path(ref.path), weights)

    def write(self, slot: int, weights: AdapterWeights, *, after: torch.cuda.Event | None) -> None:
        """Fill a slot, wait until it is full, and verify it.

        `after`: what must be done before, on CUDA: the last step that reads what is there.
        """
        self._sums[slot] = weights.checksum
        if self._stream is None:
            self.weights.write(slot, weights, device_blob=weights.blob)
            self.verify(slot)
            return
        with self._here(), torch.cuda.stream(self._stream):
            if after is not None:
                self._stream.wait_event(after)
            blob = weights.blob.to(self._device, non_blocking=True)
            self.weights.write(slot, weights, device_blob=blob)
            self.verify(slot)  # which waits for the stream

    def verify(self, slot: int) -> None:
        """Raises RuntimeError when a slot is not what was put there."""
        if self.weights.checksum(slot) != self._sums[slot]:
            raise RuntimeError(f"adapter slot {slot} does not hold what was loaded into it")

    def _here(self) -> AbstractContextManager[object]:
        """A thread begins on the first device, whichever this is."""
        return torch.cuda.device(self._device) if self._stream is not None else nullcontext()


def _side_stream(device: torch.device) -> torch.cuda.Stream:
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
