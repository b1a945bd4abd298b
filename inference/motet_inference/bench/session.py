"""A suite from its first case to its last: whatever one of them does, the others get their turn."""

from __future__ import annotations

import gc
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from motet_inference.bench.batch import run_batch
from motet_inference.bench.cases import BatchCase, Case, PeftCase, TrafficCase
from motet_inference.bench.clock import Deadline, OutOfTime
from motet_inference.bench.cold import run_cold
from motet_inference.bench.floor import Speeds
from motet_inference.bench.peft_peer import Peer
from motet_inference.bench.report import LeftOut
from motet_inference.bench.results import Result
from motet_inference.bench.rig import build_model
from motet_inference.bench.suite import Suite
from motet_inference.bench.traffic import run_traffic
from motet_inference.models.llama import CausalLM
from motet_inference.ranks.leader import Followers

Said = Callable[[Case], None]


class Session:
    """Results and what has none, as they come.

    Cases of PEFT come last and those without adapters before those with: the engine's model leaves
    the device before theirs is made, and PEFT's layers come into it when they are needed.
    """

    def __init__(
        self, suite: Suite, cases: Sequence[Case], *, deadline: Deadline, folder: Path | None
    ) -> None:
        ours = [case for case in cases if not isinstance(case, PeftCase)]
        self._theirs = sorted(
            (case for case in cases if isinstance(case, PeftCase)), key=lambda c: c.adapters > 0
        )
        self.cases: list[Case] = [*ours, *self._theirs]
        self.results: list[Result] = []
        self.left_out: list[LeftOut] = []
        self.failed = False
        self._suite, self._deadline, self._folder = suite, deadline, folder
        self._longest: dict[type[Case], float] = {}
        self._model: CausalLM | None = None
        self._followers: Followers | None = None
        self._peer: Peer | None = None
        device = torch.device(suite.device)
        self.speeds = Speeds.of(device, getattr(torch, suite.dtype))

    def run(self, before: Said, after: Said) -> None:
        """All cases; `before` and `after` are told of each."""
        try:
            self._run(before, after)
        finally:
            self._drop_model()

    def _run(self, before: Said, after: Said) -> None:
        for case in self.cases:
            before(case)
            start = self._deadline.elapsed
            try:
                self._check_time(case)
                self.results.append(self._measure(case))
            except OutOfTime as error:
                self.left_out.append(LeftOut(case, str(error)))
            except Exception as error:  # whatever it is, the other cases are worth having
                self.failed = True
                self.left_out.append(LeftOut(case, f"{type(error).__name__}: {error}"))
            else:
                took = self._deadline.elapsed - start
                self._longest[type(case)] = max(took, self._longest.get(type(case), 0))
            self._clear()
            if self._followers is not None and self.left_out and self.left_out[-1].case is case:
                self._drop_model()  # the ranks may have parted where it broke off
            after(case)

    def _check_time(self, case: Case) -> None:
        longest = self._longest.get(type(case), 0)
        if self._deadline.left < longest or self._deadline.left <= 0:
            raise OutOfTime(f"no time: {max(0, self._deadline.left):.0f} s were left")

    def _measure(self, case: Case) -> Result:
        if isinstance(case, PeftCase):
            self._drop_model()
            if self._peer is None:
                self._clear()
                self._peer = Peer(self._suite, self._theirs)
            return self._peer.run(case, self.speeds, self._deadline)
        if isinstance(case, BatchCase):
            model = self._model_on(case.tensor_parallel)
            return run_batch(model, self._suite, case, self.speeds, self._deadline, self._followers)
        model = self._model_on(1)
        folder = Path(tempfile.mkdtemp(prefix="motet-bench-", dir=self._folder))
        try:
            if isinstance(case, TrafficCase):
                return run_traffic(model, self._suite, case, folder, self._deadline)
            return run_cold(model, self._suite, case, folder, self._deadline)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _model_on(self, devices: int) -> CausalLM:
        """The engine's model, or rank 0's share of it; the other ranks come and go with it."""
        if self._model is None or self._model.config.shard.size != devices:
            self._drop_model()
            if devices > 1:
                threads = max(1, torch.get_num_threads() // devices)
                self._followers = Followers(devices, self._suite.device, threads=threads)
            self._model = build_model(self._suite, self._followers)
        return self._model

    def _drop_model(self) -> None:
        self._model = None
        self._clear()
        if self._followers is not None:
            self._followers.close()
            self._followers = None

    def _clear(self) -> None:
        """An engine's graphs and buffers refer to each other, and fill the device until found."""
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
