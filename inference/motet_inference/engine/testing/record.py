"""Requests from a few words, and what the engine said about them."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from motet_inference.engine.engine import Engine
from motet_inference.engine.messages import Add, Ended, Refused, Sampling, StepOutput

GREEDY = Sampling(temperature=0.0, max_tokens=16, ignore_eos=True)


def add(request_id: str, prompt: list[int], **changes: Any) -> Add:
    """A greedy request with more budget than it needs; `options` replaces fields of `GREEDY`."""
    fields: dict[str, Any] = {
        "account": "alice",
        "salt": b"alice",
        "prompt_budget": 100_000,
        "output_budget": 100_000,
        "sampling": replace(GREEDY, **changes.pop("options", {})),
    }
    return Add(request_id=request_id, prompt=prompt, **(fields | changes))


@dataclass
class Outcome:
    """All news of one request, by choice where they concern one."""

    tokens: dict[int, list[int]] = field(default_factory=dict)
    logprobs: dict[int, list[float]] = field(default_factory=dict)
    top: dict[int, list[list[tuple[int, float]]]] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    low: int = 0
    ended: Ended | None = None
    refused: Refused | None = None


@dataclass
class Record:
    """What steps said, request by request, and the steps themselves."""

    requests: dict[str, Outcome] = field(default_factory=dict)
    steps: list[StepOutput] = field(default_factory=list)

    def __getitem__(self, request_id: str) -> Outcome:
        return self.requests.setdefault(request_id, Outcome())

    def take(self, output: StepOutput) -> StepOutput:
        """Note a step. No request may be heard of after its end."""
        self.steps.append(output)
        over = {r for r, o in self.requests.items() if o.ended or o.refused}
        for token in output.tokens:
            assert token.request_id not in over
            self[token.request_id].tokens.setdefault(token.index, []).append(token.token_id)
            if token.logprob is not None:
                outcome = self[token.request_id]
                outcome.logprobs.setdefault(token.index, []).append(token.logprob)
                outcome.top.setdefault(token.index, []).append(token.top or [])
        for end in output.choice_ends:
            assert end.index not in self[end.request_id].reasons
            self[end.request_id].reasons[end.index] = end.reason
        for low in output.low:
            self[low.request_id].low += 1
        for ended in output.ended:
            assert ended.request_id not in over
            self[ended.request_id].ended = ended
        for refused in output.refused:
            assert refused.request_id not in over
            self[refused.request_id].refused = refused
        return output


def drive(engine: Engine, adds: Iterable[Add] = (), *, steps: int = 5000) -> Record:
    """Add the requests and step, checking the books each time, until there is nothing to do."""
    record = Record()
    for message in adds:
        engine.add(message)
    for _ in range(steps):
        if not engine.has_work:
            return record
        output = record.take(engine.step())
        engine.check_integrity()
        if not output.num_tokens and engine.has_work:
            time.sleep(0.001)  # an adapter is being loaded
    raise AssertionError(f"still at work after {steps} steps")
