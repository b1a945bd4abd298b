"""What each kind of case says. Milliseconds, but for rates, shares and counts."""

from __future__ import annotations

import msgspec

from motet_inference.bench.cases import BatchCase, Case, ColdCase, PeftCase, TrafficCase


class BatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """Medians over all runs' steps and requests, unless said otherwise."""

    case: BatchCase
    step_ms: float  # of the steps in which every request got one token
    step_ms_10: float
    step_ms_90: float
    first_token_ms: float  # from the arrival of all
    first_token_ms_99: float
    request_ms: float  # from the arrival of all to a request's last token
    tokens_per_second: float  # output tokens over the whole of a run, prefill included
    decode_tokens_per_second: float
    graph_ms: float | None  # of a step, on the device: None where there are no graphs
    host_gap: float | None  # share of a step in which the device does not run its graph
    floor_ms: float  # of a step
    prefill_floor_ms: float  # of all prompts
    runs: int

    @property
    def floors(self) -> dict[str, float]:
        """The best that each figure could be on this device, where that is known."""
        case = self.case
        whole = self.prefill_floor_ms + case.output_tokens * self.floor_ms
        floors = {
            "step_ms": self.floor_ms,
            "request_ms": whole,
            "tokens_per_second": 1e3 * case.requests * case.output_tokens / whole,
            "decode_tokens_per_second": 1e3 * case.requests / self.floor_ms,
            "host_gap": 0.0,
        }
        return floors | ({"first_token_ms": self.prefill_floor_ms} if case.requests == 1 else {})


class TrafficResult(msgspec.Struct, frozen=True, kw_only=True):
    """Over the requests that were counted. `gpu`, `host` and `disk` are shares of them, by where
    their adapter was when they arrived.
    """

    case: TrafficCase
    tokens_per_second: float  # output tokens
    requests_per_second: float
    first_token_ms: float
    first_token_ms_99: float
    step_ms: float
    step_ms_99: float
    running: float  # mean number of choices in a step
    gpu: float
    host: float
    disk: float
    distinct: int  # adapters that were asked for
    loads: int
    evictions: int
    requests: int
    seconds: float

    @property
    def floors(self) -> dict[str, float]:
        return {}


class ColdResult(msgspec.Struct, frozen=True, kw_only=True):
    """`beyond_disk_ms` is what is left of `added_ms` beside reading the file, `moved` the 99th
    percentile of the others' steps while an adapter loads over that before.
    """

    case: ColdCase
    cold_ms: float  # first token, the adapter being on disk
    resident_ms: float  # first token, the adapter being in a slot
    added_ms: float  # the median of the differences
    disk_ms: float  # one sequential read of the adapter's weights
    from_disk: float | None  # share of that read which came from the device; None if not known
    loaded_from_disk: float | None  # the same of what the slots' loader read
    beyond_disk_ms: float
    copy_ms: float  # the same bytes, from pinned memory to the device
    step_ms_before: float
    step_ms_99_before: float
    step_ms_loading: float
    step_ms_99_loading: float
    moved: float
    loading_steps: int
    adapter_bytes: int
    loads: int

    @property
    def floors(self) -> dict[str, float]:
        return {
            "added_ms": self.disk_ms + self.copy_ms,
            "beyond_disk_ms": self.copy_ms,
            "moved": 1.0,
        }


class PeftResult(msgspec.Struct, frozen=True, kw_only=True):
    """As of a batch."""

    case: PeftCase
    step_ms: float
    step_ms_10: float
    step_ms_90: float
    first_token_ms: float
    decode_tokens_per_second: float
    floor_ms: float
    runs: int

    @property
    def floors(self) -> dict[str, float]:
        return {
            "step_ms": self.floor_ms,
            "decode_tokens_per_second": 1e3 * self.case.requests / self.floor_ms,
        }


Result = BatchResult | TrafficResult | ColdResult | PeftResult
RESULTS: dict[type[Case], type[Result]] = {
    BatchCase: BatchResult,
    TrafficCase: TrafficResult,
    ColdCase: ColdResult,
    PeftCase: PeftResult,
}


def percentile(values: list[float], share: float) -> float:
    """The value below which so much of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
