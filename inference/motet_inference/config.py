"""A worker's settings, from the environment, read once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Count = Annotated[int, Field(ge=1)]


class WorkerConfig(BaseSettings):
    """Every field is `MOTET_WORKER_` + its name in upper case. A bad value ends the start.

    Attributes:
        listen: host:port of the gRPC service. It has neither authentication nor encryption: bind
            it to loopback or to a network that only gateways reach.
        base: Hugging Face folder of the base model.
        model: the base's served name; by default the folder's name.
        dtype: of weights and cache; by default float32 on the CPU and bfloat16 on CUDA.
        quantization: `fp8` keeps the base's projections in eight bits (e4m3, a scale per output,
            activations rounded token by token): half the memory and reading, at a small loss, see
            docs/benchmarks.md. Adapters stay in dtype. On CUDA it needs compute capability 9.0 and
            bfloat16.
        tensor_parallel: devices that hold the base together, each a share of every layer, with a
            process to each: the CUDA devices from `device` on, or as many processes on the CPU.
            The base's heads and inner features must divide over them.
        blocks: cache blocks; by default what fits: 1 GiB on the CPU, on CUDA what is left of 90 %
            of the memory once the weights and the slots are in it, on the fullest device.
        slots, max_rank: adapters in device memory at the same time, and the largest rank.
        host_cache_mb: adapters kept ready in host memory; for a GPU it is page-locked from the
            start, in a power of two.
        max_batch, token_budget: choices per step, and tokens per step.
        max_context: longest prompt and output together; by default what the base was made for, at
            most what the blocks hold.
        max_waiting: requests beyond max_batch that may wait before new ones are refused.
        cache, cache_mb: folder for adapters that were fetched, and its size.
        journal: file to which finished usage is appended; none by default.
        drain_s: how long a stop waits for what runs.
        budget_wait_s: how long a request waits at the end of its budget for an extension.
        threads: torch's threads of each process; by default all cores, shared out.
        s3_endpoint: `MOTET_S3_ENDPOINT`, for an object store other than AWS.
    """

    model_config = SettingsConfigDict(
        env_prefix="MOTET_WORKER_", frozen=True, extra="ignore", populate_by_name=True
    )

    listen: str = "127.0.0.1:7070"
    base: Path
    model: str = ""
    device: str = "cpu"
    dtype: Literal["", "float32", "bfloat16", "float16"] = ""
    quantization: Literal["none", "fp8"] = "none"
    tensor_parallel: Count = 1
    blocks: Annotated[int, Field(ge=0)] = 0
    block_size: Count = 16
    slots: Count = 16
    max_rank: Annotated[int, Field(ge=1, le=64)] = 64
    host_cache_mb: Count = 1024
    max_batch: Count = 64
    token_budget: Count = 512
    max_context: Annotated[int, Field(ge=0)] = 0
    max_waiting: Annotated[int, Field(ge=0)] = 1024
    cache: Path = Path("var/worker/adapters")
    cache_mb: Count = 10_240
    journal: Path | None = None
    drain_s: Annotated[float, Field(ge=0)] = 30.0
    budget_wait_s: Annotated[float, Field(gt=0)] = 60.0
    threads: Annotated[int, Field(ge=0)] = 0
    s3_endpoint: str | None = Field(default=None, validation_alias="MOTET_S3_ENDPOINT")

    @field_validator("listen")
    @classmethod
    def _listen(cls, value: str) -> str:
        host, colon, port = value.rpartition(":")
        if not (host and colon and port.isdigit() and int(port) < 65536):
            raise ValueError(f"must be host:port, not {value!r}")
        return value

    @field_validator("device")
    @classmethod
    def _device(cls, value: str) -> str:
        if value != "cpu" and not (value == "cuda" or value.removeprefix("cuda:").isdigit()):
            raise ValueError(f"must be cpu, cuda or cuda:<number>, not {value!r}")
        return value

    @field_validator("base")
    @classmethod
    def _base(cls, value: Path) -> Path:
        if not (value / "config.json").is_file():
            raise ValueError(f"{value} holds no config.json")
        return value.resolve()

    @field_validator("journal", mode="before")
    @classmethod
    def _journal(cls, value: object) -> object:
        return value or None

    @field_validator("cache")
    @classmethod
    def _cache(cls, value: Path) -> Path:
        return value.absolute()

    @model_validator(mode="after")
    def _sizes(self) -> Self:
        if self.token_budget < self.max_batch:
            raise ValueError("token_budget must be at least max_batch")
        if self.quantization == "fp8" and self.device != "cpu" and self.dtype_name != "bfloat16":
            raise ValueError(f"quantization fp8 on CUDA is for bfloat16, not {self.dtype_name}")
        return self

    @property
    def served_name(self) -> str:
        return self.model or self.base.name

    @property
    def dtype_name(self) -> str:
        return self.dtype or ("float32" if self.device == "cpu" else "bfloat16")

    @property
    def num_threads(self) -> int:
        return self.threads or max(1, (os.cpu_count() or 1) // self.tensor_parallel)
