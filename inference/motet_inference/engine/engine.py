"""The engine: requests in, one step at a time, news out."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from motet_inference.engine.checks import refusal
from motet_inference.engine.config import EngineConfig
from motet_inference.engine.decode import Watch
from motet_inference.engine.messages import AdapterRef, Add, Extend, Refused, StepOutput
from motet_inference.engine.news import News
from motet_inference.engine.plan import Plan
from motet_inference.engine.request import Request
from motet_inference.engine.runner import Runner
from motet_inference.engine.sampler import Draw
from motet_inference.engine.scheduler import Scheduler
from motet_inference.engine.slots import Slots
from motet_inference.models.llama import CausalLM
from motet_inference.ranks.orders import Order, Sizes


@dataclass(frozen=True)
class _Flight:
    """A step under way: what was planned, and what will come of it."""

    plan: Plan
    draw: Draw | None

    @property
    def wanted(self) -> bool:
        return any(chunk.choice.phase == "running" for chunk in self.plan.chunks)


class Engine:
    """One model, its cache and its requests; not safe for use by several threads.

    What comes in takes effect at once, and is told with the next step's output. While a decode
    step is under way, the next one is launched behind it where it can be foreseen, and the tokens
    go from the one to the other on the device: the host's work then costs the device no time.
    Source: Zheng et al., "SGLang" (2024), whose later versions call it overlap scheduling.
    """

    def __init__(
        self,
        model: CausalLM,
        config: EngineConfig,
        slots: Slots | None = None,
        *,
        tell: Callable[[Order], None] | None = None,
        watch: Watch | None = None,
    ) -> None:
        """`tell`: the other ranks, where the model is a share. `watch`: put around decode steps."""
        if config.max_context > model.config.max_position:
            raise ValueError(
                f"max_context {config.max_context} exceeds the model's {model.config.max_position}"
            )
        self.config = config
        self.model = model
        self._slots = slots
        if tell is not None:
            tell(Sizes(engine=config, lora=slots is not None))
        weights = slots.weights if slots else None
        self._runner = Runner.build(model, config, weights, tell=tell, watch=watch)
        self._scheduler = Scheduler(config, slots, eos_token_ids=model.config.eos_token_ids)
        self._ahead: _Flight | None = None
        self._arrivals = count()
        self._steps = 0

    @property
    def has_work(self) -> bool:
        """Whether a step would bring news or run tokens, or an adapter is being waited for."""
        return self._scheduler.has_work

    def add(self, add: Add) -> None:
        """Take in a request; a bad one is refused with the next step.

        An id that is in use ends with that refusal, both uses: their tokens would be mixed up.
        """
        wrong = refusal(
            add,
            vocab_size=self.model.config.vocab_size,
            max_context=self.config.max_context,
            has_slots=self._slots is not None,
        )
        if wrong is None and add.request_id in self._scheduler.requests:
            wrong = "invalid_request", "The request id is in use."
        existing = self._scheduler.requests.get(add.request_id)
        if wrong is not None and existing is not None:
            self._scheduler.refuse(existing, *wrong)
        elif wrong is not None:
            self._scheduler.news.refused.append(Refused(add.request_id, *wrong))
        else:
            request = Request(
                add,
                arrival=next(self._arrivals),
                revision=self.model.config.revision,
                max_context=self.config.max_context,
            )
            self._scheduler.add(request)
            if self._slots is not None and request.adapter is not None:
                self._slots.prefetch(request.adapter)

    def extend(self, extend: Extend) -> None:
        """Raise a request's budget; one that is over is passed by."""
        request = self._scheduler.requests.get(extend.request_id)
        if request is not None:
            request.budget.extend(
                prompt=extend.prompt_budget, output=extend.output_budget, last=extend.last
            )
            self._scheduler.review(request)

    def cancel(self, request_id: str) -> None:
        """End a request, if it is not over."""
        request = self._scheduler.requests.get(request_id)
        if request is not None:
            self._scheduler.cancel(request)

    def stop_choice(self, request_id: str, index: int) -> None:
        """End one choice with reason `stop`, if it is not over."""
        request = self._scheduler.requests.get(request_id)
        if request is not None and 0 <= index < len(request.choices):
            self._scheduler.stop(request.choices[index])

    def warm(self, ref: AdapterRef) -> None:
        """Start loading an adapter."""
        if self._slots is not None:
            self._slots.warm(ref)

    def step(self) -> StepOutput:
        """Schedule, run, postprocess. Without work it only collects the news."""
        started = time.perf_counter()
        self._steps += 1
        flight = self._ahead or self._launch()
        self._ahead = self._follow(flight)
        self._scheduler.postprocess(flight.plan, flight.draw.read() if flight.draw else [])
        if self._ahead is not None and not self._ahead.wanted:
            self._ahead = None
        return self._output(flight.plan, time.perf_counter() - started)

    def check_integrity(self) -> None:
        """Raises AssertionError if blocks, slots or seats are not where they belong."""
        self._scheduler.check_integrity()

    def _launch(self) -> _Flight:
        plan = self._scheduler.schedule(self._steps)
        return _Flight(plan, self._runner.launch(plan.chunks) if plan.chunks else None)

    def _follow(self, flight: _Flight) -> _Flight | None:
        if flight.draw is None or not self._runner.can_follow(flight.plan.chunks):
            return None
        plan = self._scheduler.foresee(flight.plan)
        if plan is None:
            return None
        return _Flight(plan, self._runner.launch(plan.chunks, after=flight.draw))

    def _output(self, plan: Plan, seconds: float) -> StepOutput:
        news, self._scheduler.news = self._scheduler.news, News()
        loaded, evicted = self._slots.poll() if self._slots else ([], [])
        seats = self._scheduler.seats
        return StepOutput(
            step=self._steps,
            adapters=len(plan.digests),
            num_tokens=plan.num_tokens,
            cached=news.cached,
            tokens=news.tokens,
            choice_ends=news.choice_ends,
            low=news.low,
            ended=news.ended,
            refused=news.refused,
            loaded=loaded,
            evicted=evicted,
            running=len(seats.running),
            waiting=len(seats.waiting),
            preemptions=plan.preemptions,
            blocks_free=seats.pool.num_free,
            seconds=seconds,
        )
