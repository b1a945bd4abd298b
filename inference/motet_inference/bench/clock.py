"""Time: how much of it a suite may take, and how long the device ran."""

from __future__ import annotations

import time

import torch
from torch import Tensor

from motet_inference.engine.decode import Forward


class OutOfTime(Exception):
    """The suite's time is over; what was being measured is given up."""


class Deadline:
    """`seconds` from now, or never."""

    def __init__(self, seconds: float | None = None) -> None:
        self._begin = time.monotonic()
        self._seconds = seconds

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._begin

    @property
    def left(self) -> float:
        return float("inf") if self._seconds is None else self._seconds - self.elapsed

    def check(self) -> None:
        """Raises OutOfTime."""
        if self.left <= 0:
            raise OutOfTime("the time is over")


class ReplayTimer:
    """An engine's `watch`: how long the device takes for each decode step of `size` rows."""

    def __init__(self, size: int, device: torch.device) -> None:
        self._size, self._device = size, device
        self._marks: list[tuple[torch.cuda.Event, torch.cuda.Event]] = []
        self._seconds: list[float] = []

    def __call__(self, size: int, run: Forward) -> Forward:
        if size != self._size:
            return run

        def timed() -> tuple[Tensor, Tensor]:
            begin, end = _mark(), _mark()
            begin.record()
            results = run()
            end.record()
            self._marks.append((begin, end))
            return results

        def timed_on_host() -> tuple[Tensor, Tensor]:
            begin = time.perf_counter()
            results = run()
            self._seconds.append(time.perf_counter() - begin)
            return results

        return timed if self._device.type == "cuda" else timed_on_host

    def take(self) -> list[float]:
        """Seconds of each step since the last call. Waits for the device."""
        if self._marks:
            self._marks[-1][1].synchronize()
        seconds = [1e-3 * begin.elapsed_time(end) for begin, end in self._marks]
        seconds += self._seconds
        self._marks, self._seconds = [], []
        return seconds


def _mark() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]


def wait(device: torch.device) -> None:
    """Until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
