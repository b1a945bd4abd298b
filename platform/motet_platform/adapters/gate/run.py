"""Runs the gate in a child process with bounded memory and time."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motet_platform.adapters.gate.refusal import Refusal

log = logging.getLogger(__name__)

MEMORY = 1024**3
SECONDS = 30
BYTES_PER_SECOND = 50_000_000  # slower than any disk that one would serve from


class GateError(Exception):
    """The gate itself failed: not the adapter's fault, worth another try."""


def gate_run(
    config: Path,
    model: Path,
    base: Mapping[str, Any],
    *,
    max_rank: int,
    memory: int = MEMORY,
    seconds: int | None = None,
) -> dict[str, Any]:
    """The facts of `check.check`. Raises Refusal, also for an adapter that breaks the limits."""
    limit = seconds or SECONDS + model.stat().st_size // BYTES_PER_SECOND
    job = {"config": str(config), "model": str(model), "base": base, "max_rank": max_rank}
    child = [sys.executable, "-m", "motet_platform.adapters.gate.child", str(memory), str(limit)]
    try:
        done = subprocess.run(  # noqa: S603 (fixed command; the job goes in by stdin)
            child,
            input=json.dumps(job).encode(),
            capture_output=True,
            timeout=limit + 15,
            env={"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": ":".join(filter(None, sys.path))},
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _too_slow() from None
    return _answer(done)


def _answer(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    if done.returncode in (-24, -9):  # SIGXCPU, and SIGKILL a second after it
        raise _too_slow()
    if done.returncode:
        log.error("gate child ended with %s: %s", done.returncode, done.stderr[-2000:].decode())
        raise GateError(f"the gate's child process ended with {done.returncode}")
    answer = json.loads(done.stdout)
    if "code" in answer:
        raise Refusal(answer["code"], answer["message"])
    facts: dict[str, Any] = answer["facts"]
    return facts


def _too_slow() -> Refusal:
    return Refusal("gate_timeout", "Checking this adapter takes longer than an adapter should.")
