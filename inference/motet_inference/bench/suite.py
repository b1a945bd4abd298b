"""What is measured: a suite of cases, read from JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from motet_inference.adapters.projections import GROUPS

Count = Annotated[int, Meta(ge=1)]
Projection = Literal["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
ALL: tuple[Projection, ...] = (
    "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
)  # fmt: skip


class SuiteError(Exception):
    """The file cannot be used; the message says where and why."""


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Requests that arrive together: request i uses adapter i modulo `adapters`; 0 is the base.

    `slots_only` keeps adapters resident that no request uses: what having them costs.
    """

    requests: Count
    adapters: Annotated[int, Meta(ge=0)] = 0
    rank: Count = 16
    targets: Annotated[tuple[Projection, ...], Meta(min_length=1)] = ALL
    prompt_tokens: Count = 512
    output_tokens: Annotated[int, Meta(ge=2)] = 128
    slots_only: bool = False
    name: str = ""

    @property
    def title(self) -> str:
        adapters = f"{self.adapters} adapters" if self.adapters else "base"
        idle = ", unused" if self.slots_only and self.adapters else ""
        return self.name or (
            f"{self.requests} x {self.prompt_tokens}/{self.output_tokens} on {adapters}{idle}"
        )


class Suite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cases on one model. `model` is a folder, from the suite's own place if it is not absolute;
    with random weights it needs no more than its config.json.
    """

    model: str
    cases: Annotated[tuple[Case, ...], Meta(min_length=1)]
    weights: Literal["file", "random"] = "file"
    dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"
    quantization: Literal["none", "fp8"] = "none"
    device: str = "cuda"
    repeat: Count = 3
    token_budget: Count = 2048
    block_size: Count = 16


def load_suite(path: Path) -> Suite:
    """Raises SuiteError."""
    try:
        suite = msgspec.json.decode(path.read_bytes(), type=Suite)
    except OSError as error:
        raise SuiteError(f"{path}: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise SuiteError(f"{path}: {error}") from None
    folder = (path.parent / suite.model).resolve()
    if not (folder / "config.json").is_file():
        raise SuiteError(f"{path}: model: there is no config.json in {folder}")
    return msgspec.structs.replace(suite, model=str(folder))


def groups_of(targets: tuple[Projection, ...]) -> dict[str, list[int]]:
    """The merged projections that hold `targets`, and which of their slices."""
    found: dict[str, list[int]] = {}
    for group, names in GROUPS.items():
        slices = [i for i, name in enumerate(names) if name in targets]
        if slices:
            found[group] = slices
    return found
