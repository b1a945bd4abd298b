"""`tests/bench/kernels.py` measures every operation there is, and none that is wrong."""

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import motet_kernels
import pytest
import torch

BENCH = Path(__file__).parents[1] / "bench"


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> Any:
    # Under another name: `kernels` is a package of Hugging Face's, for which transformers looks.
    monkeypatch.syspath_prepend(str(BENCH))
    spec = importlib.util.spec_from_file_location("kernels_bench", BENCH / "kernels.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_measures_every_operation(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    command = [sys.executable, str(BENCH / "kernels.py"), "--tiny", "--json", str(out)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    figures = json.loads(out.read_text())["figures"]
    twins = {n.removesuffix("_torch") for n in motet_kernels.__all__ if n.endswith("_torch")}
    assert {figure["op"] for figure in figures} == twins
    assert all(f["kernel"] > 0 and f["library"] > 0 and f["floor"] > 0 for f in figures)


def test_all_of_the_8b_shape_is_listed(kernels: Any) -> None:
    from kernel_cases import LLAMA_8B, entries

    listed = list(entries(LLAMA_8B, torch.bfloat16, torch.device("cuda")))
    assert {entry.rows for entry in listed} == {1, 16, 64, 256, 2048, 8192}
    assert len({(entry.op, entry.what, entry.rows) for entry in listed}) == len(listed)


def test_a_wrong_kernel_is_not_timed(kernels: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from kernel_cases import TINY, entries

    entry = next(e for e in entries(TINY, torch.float32, torch.device("cpu")) if e.op == "rms_norm")
    case = entry.make()
    wrong = replace(case, kernel=lambda: case.twin() + 1e-3)
    kernels.check(case)
    with pytest.raises(AssertionError):
        kernels.check(wrong)
    with pytest.raises(AssertionError):
        kernels.measure(
            replace(entry, make=lambda: wrong), kernels.Speeds(1e9, 1e9), torch.device("cpu")
        )
