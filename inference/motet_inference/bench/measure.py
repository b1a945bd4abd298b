"""One case, run and timed."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator

import msgspec

from motet_inference.bench.suite import Case
from motet_inference.engine.engine import Engine
from motet_inference.engine.messages import AdapterRef, Add, Sampling


class Run(msgspec.Struct, frozen=True):
    """One pass over a case. Times are in seconds."""

    elapsed: float
    first_tokens: list[float]  # per request, from the arrival of all
    decode_steps: list[float]  # of the steps in which every request got one token


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a case's runs say together. Milliseconds, but for rates and bytes."""

    case: Case
    step_ms: float  # median decode step
    step_ms_10: float
    step_ms_90: float
    first_token_ms: float  # median over requests
    first_token_ms_99: float
    tokens_per_second: float  # output tokens over the whole of a run, prefill included
    decode_tokens_per_second: float
    floor_ms: float
    runs: int

    @property
    def over_floor(self) -> float:
        return self.step_ms / self.floor_ms


def run_case(engine: Engine, case: Case, *, seed: int) -> Run:
    """Add all requests at once and step until they are done. Prompts are random and all different.

    Raises RuntimeError when a request is refused or the engine stands still.
    """
    vocabulary = engine.model.config.vocab_size
    started: dict[str, float] = {}
    decode: list[float] = []
    for add in _requests(case, vocabulary, seed):
        engine.add(add)
    begin = last = time.perf_counter()
    while engine.has_work:
        output = engine.step()
        now = time.perf_counter()
        if output.refused:
            raise RuntimeError(f"{case.title}: {output.refused[0].message}")
        if not output.num_tokens:
            raise RuntimeError(f"{case.title}: the engine does not go on")
        for token in output.tokens:
            started.setdefault(token.request_id, now - begin)
        if output.num_tokens == len(output.tokens) == case.requests:
            decode.append(now - last)
        last = now
    return Run(last - begin, list(started.values()), decode)


def summarise(case: Case, runs: list[Run], *, floor_ms: float) -> Result:
    """Medians over all runs' steps and requests."""
    steps = sorted(1e3 * step for run in runs for step in run.decode_steps)
    firsts = sorted(1e3 * first for run in runs for first in run.first_tokens)
    if not steps:
        raise RuntimeError(f"{case.title}: no step decoded all requests; ask for more output")
    middle = statistics.median(steps)
    return Result(
        case=case,
        step_ms=middle,
        step_ms_10=_at(steps, 0.1),
        step_ms_90=_at(steps, 0.9),
        first_token_ms=statistics.median(firsts),
        first_token_ms_99=_at(firsts, 0.99),
        tokens_per_second=statistics.median(
            case.requests * case.output_tokens / run.elapsed for run in runs
        ),
        decode_tokens_per_second=1e3 * case.requests / middle,
        floor_ms=floor_ms,
        runs=len(runs),
    )


def _requests(case: Case, vocabulary: int, seed: int) -> Iterator[Add]:
    draw = random.Random(seed)
    sampling = Sampling(temperature=0, max_tokens=case.output_tokens, ignore_eos=True)
    uses = 0 if case.slots_only else case.adapters
    for i in range(case.requests):
        slot = str(i % uses) if uses else ""
        yield Add(
            request_id=f"{seed}-{i}",
            account=slot,
            salt=b"",
            prompt=[draw.randrange(vocabulary) for _ in range(case.prompt_tokens)],
            prompt_budget=case.prompt_tokens,
            output_budget=case.output_tokens,
            sampling=sampling,
            adapter=AdapterRef(digest=slot, path="", rank=case.rank) if uses else None,
        )


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
