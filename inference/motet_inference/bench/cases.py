"""The kinds of cases that a suite file may have; `kind` is "batch" where it is not given."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=1)]
Projection = Literal["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
ALL: tuple[Projection, ...] = (
    "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
)  # fmt: skip
ATTENTION: tuple[Projection, ...] = ALL[:4]


class _Case(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):
    rank: Count = 16
    targets: Annotated[tuple[Projection, ...], Meta(min_length=1)] = ALL
    prompt_tokens: Count = 512
    name: str = ""


class BatchCase(_Case, frozen=True, kw_only=True, tag="batch"):
    """Requests that arrive together: request i uses adapter i modulo `adapters`; 0 is the base.

    `slots_only` keeps adapters resident that no request uses: what having them costs. Prompts are
    random and all different, so `prefix_cache` says what looking for equal ones costs in vain.
    `temperature` 0 is greedy. `tensor_parallel` is on how many devices the model lies, from the
    suite's on; going to another number loads it anew.
    """

    requests: Count
    adapters: Annotated[int, Meta(ge=0)] = 0
    output_tokens: Annotated[int, Meta(ge=2)] = 128
    slots_only: bool = False
    prefix_cache: bool = True
    temperature: Annotated[float, Meta(ge=0)] = 0.0
    tensor_parallel: Count = 1

    @property
    def title(self) -> str:
        adapters = f"{self.adapters} adapters" if self.adapters else "base"
        idle = ", unused" if self.slots_only and self.adapters else ""
        cache = "" if self.prefix_cache else ", no prefix cache"
        drawn = f", temperature {self.temperature:g}" if self.temperature else ""
        devices = f", {self.tensor_parallel} devices" if self.tensor_parallel > 1 else ""
        sizes = f"{self.requests} x {self.prompt_tokens}/{self.output_tokens}"
        return self.name or f"{sizes} on {adapters}{idle}{cache}{drawn}{devices}"


class TrafficCase(_Case, frozen=True, kw_only=True, tag="traffic"):
    """Streams that each send their next request when the last one has ended.

    Requests choose among `adapters` by Zipf's law with this exponent; these are PEFT files in a
    worker's store, see `library` for `weight_files`. The most popular ones that fit are in slots at
    the start; then `requests` are counted.
    """

    streams: Count
    adapters: Count
    slots: Count
    requests: Count
    rank: Count = 8
    targets: Annotated[tuple[Projection, ...], Meta(min_length=1)] = ATTENTION
    output_tokens: Annotated[int, Meta(ge=2)] = 128
    exponent: Annotated[float, Meta(ge=0)] = 1.0
    host_cache_mb: Count = 4096
    weight_files: Annotated[int, Meta(ge=0)] = 0

    @property
    def title(self) -> str:
        return self.name or (
            f"{self.streams} streams over {self.adapters} adapters in {self.slots} slots"
        )


class ColdCase(_Case, frozen=True, kw_only=True, tag="cold"):
    """A request whose adapter is on the local disk only, while `streams` others decode on
    `adapters` resident ones; then one on the same adapter, which is resident by now. `loads` times,
    or as often as `output_tokens` of the others allow; the files are out of the page cache.
    """

    streams: Count
    adapters: Count = 16
    loads: Count = 20
    output_tokens: Annotated[int, Meta(ge=64)] = 1536
    weight_files: Annotated[int, Meta(ge=0)] = 4

    @property
    def title(self) -> str:
        return self.name or f"adapter on local disk, beside {self.streams} streams"


class PeftCase(_Case, frozen=True, kw_only=True, tag="peft"):
    """The same as a batch case, through transformers' generate with PEFT's adapters.

    Requests on more than one adapter are one batch with `adapter_names`. The model, of the suite's
    dtype, has random weights whatever `weights` says: they do not change its speed.
    """

    requests: Count
    adapters: Annotated[int, Meta(ge=0)] = 0
    output_tokens: Annotated[int, Meta(ge=3)] = 24

    @property
    def title(self) -> str:
        adapters = f"{self.adapters} adapters" if self.adapters else "base"
        return self.name or f"PEFT, {self.requests} x {self.prompt_tokens} on {adapters}"


Case = BatchCase | TrafficCase | ColdCase | PeftCase
KINDS: dict[str, type[Case]] = {
    "batch": BatchCase,
    "traffic": TrafficCase,
    "cold": ColdCase,
    "peft": PeftCase,
}
