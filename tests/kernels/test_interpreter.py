"""Runs `triton_cases.py` under Triton's interpreter."""

import os
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

triton = pytest.importorskip("triton")
CASES = Path(__file__).with_name("triton_cases.py")


def version(module: object) -> tuple[int, ...]:
    return tuple(int(part) for part in str(module.__version__).split(".")[:2])  # type: ignore[attr-defined]


@pytest.mark.skipif(
    version(triton) < (3, 7) and version(numpy) >= (2, 4),
    reason="the interpreter of Triton 3.6 cannot loop to a runtime bound with NumPy 2.4",
)
@pytest.mark.parametrize(
    "cases", ["add_lora", "paged_attention", "not add_lora and not paged_attention"]
)
def test_kernels_match_their_twins(cases: str) -> None:
    command = [
        sys.executable, "-m", "pytest", str(CASES), "-q", "-k", cases,
        f"--confcutdir={CASES.parent}", "-p", "no:cacheprovider", "-p", "no:xdist",
    ]  # fmt: skip
    environment = {**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stdout + run.stderr
