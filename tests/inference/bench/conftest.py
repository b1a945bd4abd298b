"""A suite on a base of two small layers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from motet_inference.bench import floor
from motet_inference.bench.cases import BatchCase
from motet_inference.bench.results import BatchResult

torch.set_num_threads(1)

BASE: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 1024,
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": False,
}


@pytest.fixture(autouse=True)
def quick_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The device's speeds are looked at, and not well."""
    monkeypatch.setattr(floor, "_PROBE_BYTES", {"cpu": 1 << 20})
    monkeypatch.setattr(floor, "_PROBE_SIDE", {"cpu": 64})


@pytest.fixture
def small_base() -> dict[str, Any]:
    """The base's config.json."""
    return dict(BASE)


@pytest.fixture
def make_suite(tmp_path: Path) -> Callable[..., Path]:
    """make_suite(cases, **fields of a suite) -> its file."""
    base = tmp_path / "base"
    base.mkdir()
    (base / "config.json").write_text(json.dumps(BASE))

    def make(cases: list[dict[str, Any]], **fields: Any) -> Path:
        content = {
            "model": "base",
            "weights": "random",
            "device": "cpu",
            "dtype": "float32",
            "repeat": 2,
            "token_budget": 64,
            "block_size": 4,
        }
        path = tmp_path / "suite.json"
        path.write_text(json.dumps({**content, "cases": cases, **fields}))
        return path

    return make


@pytest.fixture
def run(make_suite: Callable[..., Path], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """run(cases, *options, status=0, **fields of a suite) -> the JSON that the command wrote."""
    from motet_inference.bench.__main__ import main

    def run(
        cases: list[dict[str, Any]], *options: str, status: int = 0, **fields: Any
    ) -> dict[str, Any]:
        path, out = make_suite(cases, **fields), tmp_path / "out.json"
        assert main([str(path), "--json", str(out), "--folder", str(tmp_path), *options]) == status
        written: dict[str, Any] = json.loads(out.read_text())
        return written

    return run


@pytest.fixture
def make_result() -> Callable[..., BatchResult]:
    """make_result(name, step_ms, floor_ms) of a batch of four."""

    def make(name: str, step_ms: float, floor_ms: float = 1.0) -> BatchResult:
        return BatchResult(
            case=BatchCase(requests=4, name=name),
            step_ms=step_ms,
            step_ms_10=step_ms,
            step_ms_90=step_ms,
            first_token_ms=1,
            first_token_ms_99=1,
            request_ms=1,
            tokens_per_second=1,
            decode_tokens_per_second=4e3 / step_ms,
            graph_ms=None,
            host_gap=None,
            floor_ms=floor_ms,
            prefill_floor_ms=1,
            runs=1,
        )

    return make
