"""Suites are read strictly, cases run through the engine, and the floor counts what is read."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from motet_inference.bench.__main__ import main
from motet_inference.bench.cases import BatchCase as Case
from motet_inference.bench.floor import step_bytes
from motet_inference.bench.rig import build_model
from motet_inference.bench.suite import SuiteError, load_suite
from motet_inference.engine.testing.small_model import small_config, small_model
from motet_inference.models.experts_config import ExpertsConfig
from motet_inference.ranks.shard import Shard
from motet_inference.tiny import BASE

CASES = Path(__file__).parents[3] / "tests/bench/cases"
SMALL = {"requests": 3, "prompt_tokens": 9, "output_tokens": 6}


def suite(folder: Path, **fields: Any) -> Path:
    path = folder / "suite.json"
    content = {"model": str(BASE), "device": "cpu", "dtype": "float32", "repeat": 2}
    path.write_text(json.dumps({**content, "cases": [SMALL], **fields}))
    return path


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"model": "nowhere"}, "config.json"),
        ({"cases": []}, "cases"),
        ({"cases": [{**SMALL, "request": 3}]}, "request"),
        ({"cases": [{**SMALL, "rank": 0}]}, "rank"),
        ({"cases": [{**SMALL, "targets": ["x_proj"]}]}, "targets"),
        ({"dtype": "int8"}, "dtype"),
        ({"quantization": "int8"}, "quantization"),
    ],
)
def test_bad_suites(
    tmp_path: Path, fields: dict[str, Any], where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SuiteError, match=where):
        load_suite(suite(tmp_path, **fields))
    assert main([str(tmp_path / "suite.json")]) == 1
    assert "motet: " in capsys.readouterr().err


def test_shipped_suites_are_good() -> None:
    for path in CASES.glob("*.json"):
        assert load_suite(path).cases


def test_cases_run_and_are_written(tmp_path: Path) -> None:
    cases = [
        SMALL,
        {**SMALL, "adapters": 2, "rank": 4, "targets": ["q_proj", "v_proj"]},
        {**SMALL, "adapters": 2, "rank": 4, "slots_only": True},
    ]
    path = suite(tmp_path, cases=cases)
    assert main([str(path), "--json", str(tmp_path / "out.json")]) == 0
    written = json.loads((tmp_path / "out.json").read_text())
    assert [result["runs"] for result in written["results"]] == [2, 2, 2]
    for result in written["results"]:
        assert 0 < result["step_ms_10"] <= result["step_ms"] <= result["step_ms_90"]
        assert result["floor_ms"] > 0 and result["tokens_per_second"] > 0


def test_a_case_that_cannot_run_leaves_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = suite(tmp_path, cases=[{**SMALL, "prompt_tokens": 10**6}, SMALL])
    assert main([str(path), "--json", str(tmp_path / "out.json")]) == 1
    assert "max_context" in capsys.readouterr().out
    assert len(json.loads((tmp_path / "out.json").read_text())["results"]) == 1


def test_the_floor_counts_every_byte_once() -> None:
    model = small_model()
    case = Case(
        requests=2, adapters=1, rank=3, targets=("q_proj",), prompt_tokens=10, output_tokens=4
    )
    weights = sum(t.numel() for t in model.parameters.values()) - model.embedding.numel()
    adapter = 2 * 3 * (32 + 32)  # layers, rank, in and out of q_proj
    cache = 2 * 12 * 2 * 2 * 16  # requests, tokens, keys and values, layers, kv size
    assert step_bytes(model, case) == 4 * (weights + adapter + cache)
    tied = small_model(replace(small_config(), tie_embeddings=True))
    assert step_bytes(tied, case) == 4 * (
        sum(t.numel() for t in tied.parameters.values()) + adapter + cache
    )


def test_the_floor_counts_the_experts_that_even_choices_reach() -> None:
    experts = ExpertsConfig(frozenset({1}), 4, 2, 16, normalised=True)
    model = small_model(replace(small_config(), experts=experts))
    fields = {"prompt_tokens": 10, "output_tokens": 4, "targets": ("q_proj", "up_proj")}
    one, two, many = (step_bytes(model, Case(requests=n, **fields)) for n in (1, 2, 1000))
    cache, expert = 4 * 12 * 2 * 2 * 16, 4 * 3 * 32 * 16
    assert two - cache - one == 1 * expert  # one request has half of the four, two have three
    assert many - 999 * cache - one == 2 * expert
    adapted = step_bytes(model, Case(requests=1, adapters=1, rank=3, **fields))
    assert adapted - one == 4 * 3 * (2 * (32 + 32) + (32 + 48))  # q_proj twice, up_proj once


def test_fp8_runs_on_random_weights_and_its_floor_counts_bytes(tmp_path: Path) -> None:
    cases = [{**SMALL, "adapters": 1, "rank": 4}]
    path = suite(tmp_path, cases=cases, weights="random", quantization="fp8")
    assert main([str(path)]) == 0
    plain, eighth = (
        build_model(load_suite(suite(tmp_path, quantization=q))) for q in ("none", "fp8")
    )
    case = Case(**SMALL)
    rows = sum(scale.numel() for scale in eighth.scales.values())
    weights = sum(eighth.parameters[name].numel() for name in eighth.scales)
    assert step_bytes(plain, case) - step_bytes(eighth, case) == 3 * weights - 4 * rows
    assert rows == 6 * (256 + 2 * 128 + 256 + 2 * 704 + 256)


def test_a_model_on_two_ranks_comes_and_goes(tmp_path: Path, ranks: Any) -> None:
    """One of its cases cannot run; what follows, on ranks or alone, has its turn."""
    ranks.leave()  # the bench starts its own
    pair = {**SMALL, "tensor_parallel": 2}
    cases = [
        {**pair, "adapters": 2, "rank": 4, "targets": ["q_proj", "down_proj"]},
        {**pair, "prompt_tokens": 10**6},
        pair,
        SMALL,
    ]
    path = suite(tmp_path, cases=cases, weights="random", repeat=1)
    assert main([str(path), "--json", str(tmp_path / "out.json")]) == 1
    results = json.loads((tmp_path / "out.json").read_text())["results"]
    assert [result["case"].get("tensor_parallel", 1) for result in results] == [2, 2, 1]
    assert results[1]["floor_ms"] < results[2]["floor_ms"]


def test_the_floor_is_that_of_a_share() -> None:
    """Half of the layers and of the head; norms are everybody's."""
    case = Case(requests=2, adapters=1, rank=3, prompt_tokens=10, output_tokens=4)
    whole = small_model(small_config(vocab_size=64))
    share = small_model(small_config(vocab_size=64, shard=Shard(0, 2)))
    norms = sum(t.numel() for t in whole.parameters.values() if t.ndim == 1)
    # Of an adapter's matrices the one whose side the ranks do not share is whole on each.
    kept = 2 * 3 * (5 * 32 + 2 * 32)
    assert 2 * step_bytes(share, case) - step_bytes(whole, case) == 4 * (norms + kept)
