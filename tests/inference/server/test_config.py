"""Settings are read once and wrong ones are not passed over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from motet_inference.config import WorkerConfig
from motet_inference.models.config import ModelConfig
from motet_inference.server.build import build_engine, engine_config
from pydantic import ValidationError


def test_the_environment_is_read(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTET_WORKER_BASE", str(base))
    monkeypatch.setenv("MOTET_WORKER_SLOTS", "3")
    monkeypatch.setenv("MOTET_S3_ENDPOINT", "http://minio:9000")
    config = WorkerConfig()  # type: ignore[call-arg]
    assert (config.slots, config.s3_endpoint) == (3, "http://minio:9000")
    assert (config.listen, config.served_name) == ("127.0.0.1:7070", "tiny-random")
    assert (config.device, config.dtype_name, config.journal) == ("cpu", "float32", None)
    with pytest.raises(ValidationError):
        config.slots = 4


def test_the_core_gets_the_same(
    make_config: Callable[..., WorkerConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(slots=5, device="cuda:1", s3_endpoint="http://s3", journal=None)
    monkeypatch.setenv("MOTET_WORKER_SLOTS", "9")
    monkeypatch.setenv("MOTET_WORKER_JOURNAL", "/elsewhere")
    copy = WorkerConfig.model_validate_json(config.model_dump_json(by_alias=False))
    assert copy == config
    assert copy.dtype_name == "bfloat16"


@pytest.mark.parametrize(
    "fields",
    [
        {"listen": "7070"},
        {"listen": "localhost:port"},
        {"listen": "localhost:70000"},
        {"base": "/nowhere"},
        {"device": "tpu"},
        {"device": "cuda:x"},
        {"dtype": "int8"},
        {"quantization": "int4"},
        {"quantization": "FP8"},
        {"quantization": "fp8", "device": "cuda", "dtype": "float16"},
        {"slots": 0},
        {"max_rank": 65},
        {"max_batch": 0},
        {"token_budget": 15, "max_batch": 16},
        {"drain_s": -1},
        {"budget_wait_s": 0},
    ],
)
def test_a_bad_value_is_refused(
    fields: dict[str, object], make_config: Callable[..., WorkerConfig]
) -> None:
    with pytest.raises(ValidationError):
        make_config(**fields)


def test_fp8_is_what_is_loaded(make_config: Callable[..., WorkerConfig]) -> None:
    sides = {}
    for quantization in ("none", "fp8"):
        engine, slots = build_engine(make_config(quantization=quantization, threads=1))
        slots.close()
        layers = engine.model.layers
        sides[quantization] = {layer.attention.qkv.weight.dtype for layer in layers}
    assert sides == {"none": {torch.float32}, "fp8": {torch.float8_e4m3fn}}


def test_sizes_fit_the_base(make_config: Callable[..., WorkerConfig], base: Path) -> None:
    model = ModelConfig.load(base)

    def sizes(**fields: object) -> tuple[int, int]:
        config = engine_config(make_config(**fields), model, dtype=torch.float32, room=1 << 30)
        return config.max_context, config.num_blocks

    assert sizes() == (512, 2 * 16 * 32)
    assert sizes(max_context=100) == (100, 2 * 16 * 7)
    assert sizes(blocks=10) == (160, 10)
    with pytest.raises(ValueError, match="513"):
        sizes(max_context=513)
    with pytest.raises(ValueError, match="hold less"):
        sizes(blocks=10, max_context=200)
