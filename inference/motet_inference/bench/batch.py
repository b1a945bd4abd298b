"""A batch case, run and timed."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator

import msgspec

from motet_inference.bench.cases import BatchCase
from motet_inference.bench.clock import Deadline, ReplayTimer
from motet_inference.bench.floor import Speeds, prefill_flops, step_bytes
from motet_inference.bench.results import BatchResult, percentile
from motet_inference.bench.rig import FilledSlots, build_engine
from motet_inference.bench.suite import Suite
from motet_inference.engine.decode import sizes
from motet_inference.engine.engine import Engine
from motet_inference.engine.messages import AdapterRef, Add, Sampling
from motet_inference.models.llama import CausalLM
from motet_inference.ranks.leader import Followers

_WARM_UP_TOKENS = 8


class Run(msgspec.Struct, frozen=True):
    """One pass over a case. Times are in seconds."""

    elapsed: float
    first_tokens: list[float]  # per request, from the arrival of all
    last_tokens: list[float]
    decode_steps: list[float]  # of the steps in which every request got one token
    graphs: list[float]  # of the decode steps, on the device


def run_batch(
    model: CausalLM,
    suite: Suite,
    case: BatchCase,
    speeds: Speeds,
    deadline: Deadline,
    followers: Followers | None = None,
) -> BatchResult:
    """A short run that is not counted, then the suite's number of runs, as far as time allows.

    Raises RuntimeError and ValueError for a case that cannot be run, OutOfTime without one run.
    """
    timer = ReplayTimer(sizes(case.requests)[-1], model.device)
    engine = build_engine(
        model,
        suite,
        requests=case.requests,
        context=case.prompt_tokens + case.output_tokens,
        prefix_cache=case.prefix_cache,
        slots=FilledSlots(model, case, followers) if case.adapters else None,
        watch=timer,
        followers=followers,
    )
    warm_up = msgspec.structs.replace(case, output_tokens=min(_WARM_UP_TOKENS, case.output_tokens))
    run_case(engine, warm_up, timer, deadline, seed=-1)
    runs: list[Run] = []
    for seed in range(suite.repeat):
        if not runs or deadline.left > 1.5 * runs[-1].elapsed:
            runs.append(run_case(engine, case, timer, deadline, seed=seed))
    return summarise(
        case,
        runs,
        floor_ms=1e3 * step_bytes(model, case) / speeds.read,
        prefill_floor_ms=1e3 * prefill_flops(model, case) / speeds.compute,
    )


def run_case(
    engine: Engine, case: BatchCase, timer: ReplayTimer, deadline: Deadline, *, seed: int
) -> Run:
    """Add all requests at once and step until they are done. Prompts are random and all different.

    Raises RuntimeError when a request is refused or the engine stands still.
    """
    vocabulary = engine.model.config.vocab_size
    started: dict[str, float] = {}
    ended: dict[str, float] = {}
    decode: list[float] = []
    adds = list(requests_of(case, vocabulary, seed))
    timer.take()
    begin = last = time.perf_counter()
    for add in adds:
        engine.add(add)
    while engine.has_work:
        deadline.check()
        output = engine.step()
        now = time.perf_counter()
        if output.refused:
            raise RuntimeError(f"{case.title}: {output.refused[0].message}")
        if not output.num_tokens:
            raise RuntimeError(f"{case.title}: the engine does not go on")
        for token in output.tokens:
            started.setdefault(token.request_id, now - begin)
            ended[token.request_id] = now - begin
        if output.num_tokens == len(output.tokens) == case.requests:
            decode.append(now - last)
        last = now
    return Run(last - begin, list(started.values()), list(ended.values()), decode, timer.take())


def summarise(
    case: BatchCase, runs: list[Run], *, floor_ms: float, prefill_floor_ms: float
) -> BatchResult:
    """Medians over all runs' steps and requests."""
    steps = [1e3 * step for run in runs for step in run.decode_steps]
    firsts = [1e3 * first for run in runs for first in run.first_tokens]
    graphs = [1e3 * graph for run in runs for graph in run.graphs]
    if not steps:
        raise RuntimeError(f"{case.title}: no step decoded all requests; ask for more output")
    step = statistics.median(steps)
    graph = statistics.median(graphs) if graphs else None
    return BatchResult(
        case=case,
        step_ms=step,
        step_ms_10=percentile(steps, 0.1),
        step_ms_90=percentile(steps, 0.9),
        first_token_ms=statistics.median(firsts),
        first_token_ms_99=percentile(firsts, 0.99),
        request_ms=statistics.median(1e3 * last for run in runs for last in run.last_tokens),
        tokens_per_second=statistics.median(
            case.requests * case.output_tokens / run.elapsed for run in runs
        ),
        decode_tokens_per_second=1e3 * case.requests / step,
        graph_ms=graph,
        host_gap=None if graph is None else 1 - graph / step,
        floor_ms=floor_ms,
        prefill_floor_ms=prefill_floor_ms,
        runs=len(runs),
    )


def requests_of(case: BatchCase, vocabulary: int, seed: int) -> Iterator[Add]:
    """Prompts are random and all different; request i uses adapter i modulo `adapters`."""
    draw = random.Random(seed)
    sampling = Sampling(
        temperature=case.temperature, max_tokens=case.output_tokens, ignore_eos=True
    )
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
