"""Which tokens go into the next step, and what follows from it."""

from collections import Counter, defaultdict, deque

from motet_inference.adapters.errors import AdapterError
from motet_inference.engine.claims import claimed
from motet_inference.engine.config import EngineConfig
from motet_inference.engine.fairness import TokenCounters
from motet_inference.engine.messages import (
    Cached,
    ChoiceEnd,
    Ended,
    FinishReason,
    Low,
    Refused,
    Token,
)
from motet_inference.engine.news import News
from motet_inference.engine.plan import Chunk, Plan
from motet_inference.engine.request import Choice, Request
from motet_inference.engine.sampler import Sampled
from motet_inference.engine.seats import Seats
from motet_inference.engine.slots import Slots


class Scheduler:
    """Continuous batching: decode first, then prefill in chunks, fair between accounts.

    A request is in one of three places: waiting, running, or paused until more is paid for. Every
    change of place gives back what the old one held.
    """

    def __init__(
        self, config: EngineConfig, slots: Slots | None, *, eos_token_ids: tuple[int, ...]
    ) -> None:
        self.requests: dict[str, Request] = {}
        self.seats = Seats(config, slots)
        self.news = News()
        self._counters = TokenCounters()
        self._config = config
        self._eos = frozenset(eos_token_ids)
        self._short = False  # of blocks, so that someone waits

    @property
    def has_work(self) -> bool:
        """Whether a step could bring anything about; False while all wait for budget."""
        return bool(self.seats.running or self.seats.waiting or self.news)

    # ---- what comes in ----

    def add(self, request: Request) -> None:
        self.requests[request.id] = request
        self._counters.enter(request.account, request.weight)
        if request.max_output <= 0:
            self._finish_all(request, "length")
            return
        request.choices[0].phase = "paused"
        self.review(request)

    def review(self, request: Request) -> None:
        """Let a request go on, wait or end, as its budget now says; ask for more when it is low."""
        prompt = len(request.prompt)
        if request.budget.covers(prompt):
            for choice in request.live:
                if choice.phase == "paused":
                    self.seats.waiting.add(choice)
        elif request.budget.last:
            self._finish_all(request, "budget")
        else:
            for choice in request.live:
                self.seats.pause(choice)
        if request.live and request.budget.announce_low(
            prompt_tokens=prompt, wanted=request.wanted
        ):
            self.news.low.append(Low(request.id, prompt, request.budget.used))

    def cancel(self, request: Request) -> None:
        self._drop(request)
        self.news.ended.append(_usage(request))

    def refuse(self, request: Request, code: str, message: str) -> None:
        self._drop(request)
        self.news.refused.append(Refused(request.id, code, message))

    def stop(self, choice: Choice) -> None:
        if choice.phase != "ended":
            self._finish(choice, "stop")
            self.review(choice.request)

    # ---- a step ----

    def schedule(self, step: int) -> Plan:
        """Choose the chunks of a step; their blocks and slots are taken when this returns."""
        plan = Plan(step=step, room=self._config.token_budget)
        self._give_way(plan)
        claims = plan.preemptions
        self._plan_decodes(plan)
        # What a lack of blocks freed belongs to those that lacked them.
        plan.admitting = plan.preemptions == claims
        self._plan_prefills(plan)
        self._short = not plan.admitting
        return plan

    def foresee(self, plan: Plan) -> Plan | None:
        """The step after one that only decodes, before its results are known.

        None where it cannot be foreseen: someone may have a seat that is there, a choice or a
        budget will have reached its end, or there are no blocks. Where a token turns out to end its
        choice, the choice's row of the next step was in vain, and its result is dropped.
        """
        choices = [chunk.choice for chunk in plan.chunks]
        if len(choices) != len(self.seats.running) or self.seats.can_admit:
            return None
        if self._claimed() is not None:
            return None
        if any(c.phase != "running" or c.num_sampled + 1 >= c.request.max_output for c in choices):
            return None
        rows = Counter(choice.request for choice in choices)
        if any(request.budget.left < 2 * count for request, count in rows.items()):
            return None
        if not self.seats.reserve({chunk.choice: chunk.start + 2 for chunk in plan.chunks}):
            return None
        following = Plan(step=plan.step + 1, room=self._config.token_budget)
        for chunk in plan.chunks:
            self._charge(following.add_next(chunk))
        return following

    def postprocess(self, plan: Plan, sampled: list[Sampled]) -> None:
        """Take in the results of a step, one for each chunk that samples."""
        results = iter(sampled)
        for chunk in plan.chunks:
            choice = chunk.choice
            result = next(results) if chunk.samples else None
            if choice.phase == "ended":
                continue  # with its request, which another choice's result ended
            if result is not None and not result.finite:
                self._refuse_broken(choice.request)
                continue
            choice.num_computed = chunk.start + chunk.count
            self.seats.publish(choice)
            if result is not None:
                self._accept(choice, result)
        for request in dict.fromkeys(chunk.choice.request for chunk in plan.chunks):
            if request.live:
                self.review(request)

    def _give_way(self, plan: Plan) -> None:
        """One choice a step, so that a burst of claims breaks into nobody's run all at once."""
        if (choice := self._claimed()) is not None:
            self.seats.preempt(choice)
            plan.preemptions += 1

    def _claimed(self) -> Choice | None:
        """The running choice whose place another account may claim."""
        seats, config = self.seats, self._config
        if not (seats.full or self._short):
            return None
        claimants = seats.claimants
        if not claimants:
            return None
        if seats.full:
            return claimed(
                seats.running,
                claimants,
                self._counters,
                total=config.max_batch,
                size=lambda choice: 1,
            )
        return claimed(
            seats.running,
            claimants,
            self._counters,
            total=config.num_blocks,
            size=lambda choice: seats.blocks_for(len(choice.tokens)),
        )

    def _plan_decodes(self, plan: Plan) -> None:
        for choice in list(self.seats.running):
            # The phase: an earlier arrival may have just taken its blocks.
            if choice.phase != "running" or choice.num_pending != 1:
                continue
            if plan.may_sample(choice.request) and self.seats.grow(choice, plan):
                self._put(plan, choice, 1)

    def _plan_prefills(self, plan: Plan) -> None:
        """Hand the rest of the step out, each chunk to the account that was served least so far."""
        begun: dict[str, deque[Choice]] = defaultdict(deque)
        for choice in self.seats.running:
            if choice.num_pending > 1:
                begun[choice.request.account].append(choice)
        accounts = set(begun) | self.seats.waiting.accounts
        while plan.room and accounts:
            account = self._counters.least(accounts)
            line = begun.get(account)
            choice_or_none = line.popleft() if line else self._admit(account, plan)
            if choice_or_none is None:
                accounts.discard(account)
                continue
            choice = choice_or_none
            count = min(choice.num_pending, plan.room)
            if count == choice.num_pending and not plan.may_sample(choice.request):
                count -= 1
            if count:
                self._put(plan, choice, count)

    def _admit(self, account: str, plan: Plan) -> Choice | None:
        """Seat the first of the account's choices that can be; who waits for a slot is passed."""
        if not plan.admitting or self.seats.full:
            return None
        for choice in self.seats.waiting.of(account):
            if choice.phase != "waiting":
                continue  # refused with its request a moment ago
            try:
                if not self.seats.pin(choice.request, plan):
                    continue
            except AdapterError as error:
                self.refuse(choice.request, error.code, error.message)
                continue
            if not self.seats.seat(choice):
                plan.admitting = False
                return None
            if choice.request.cached_tokens is None:
                choice.request.cached_tokens = choice.num_computed
                if choice.num_computed:
                    self.news.cached.append(Cached(choice.request.id, choice.num_computed))
            choice.num_charged = max(choice.num_charged, choice.num_computed)
            return choice
        return None

    def _put(self, plan: Plan, choice: Choice, count: int) -> None:
        self._charge(plan.add(choice, count))

    def _charge(self, chunk: Chunk) -> None:
        choice, end = chunk.choice, chunk.start + chunk.count
        self._counters.charge(
            choice.request.account,
            prompt=max(0, end - choice.num_charged),
            output=int(chunk.samples),
        )
        choice.num_charged = max(choice.num_charged, end)

    # ---- what follows ----

    def _accept(self, choice: Choice, result: Sampled) -> None:
        request = choice.request
        choice.tokens.append(result.token_id)
        request.budget.used += 1
        request.prompt_done = True
        self.news.tokens.append(
            Token(request.id, choice.index, result.token_id, result.logprob, result.top)
        )
        sampling = request.sampling
        ends = result.token_id in self._eos and not sampling.ignore_eos
        if ends or result.token_id in sampling.stop_token_ids:
            self._finish(choice, "stop")
        elif choice.num_sampled >= request.max_output:
            self._finish(choice, "length")
        elif choice.index == 0:
            _release_held(request)

    def _finish(self, choice: Choice, reason: FinishReason) -> None:
        self.seats.end(choice)
        request = choice.request
        self.news.choice_ends.append(ChoiceEnd(request.id, choice.index, reason))
        _release_held(request)
        if not request.live:
            self._drop(request)
            self.news.ended.append(_usage(request))

    def _finish_all(self, request: Request, reason: FinishReason) -> None:
        for choice in request.live:
            self._finish(choice, reason)

    def _refuse_broken(self, request: Request) -> None:
        if request.adapter is None:
            self.refuse(request, "internal", "The model gave no finite numbers.")
        else:
            self.refuse(
                request,
                "adapter_incompatible",
                "With this adapter the model gives no finite numbers.",
            )

    def _drop(self, request: Request) -> None:
        for choice in request.live:
            self.seats.end(choice)
        del self.requests[request.id]
        self._counters.leave(request.account)

    def check_integrity(self) -> None:
        """Raises AssertionError if blocks, slots or seats are not where they belong."""
        self.seats.check_integrity(list(self.requests.values()))


def _release_held(request: Request) -> None:
    """The shared prompt is computed: let the other choices find it. They start with `review`."""
    for choice in request.choices:
        if choice.phase == "held":
            choice.phase = "paused"


def _usage(request: Request) -> Ended:
    prompt = len(request.prompt) if request.prompt_done else 0
    return Ended(
        request_id=request.id,
        prompt_tokens=prompt,
        cached_tokens=min(request.cached_tokens or 0, prompt),
        completion_tokens=request.budget.used,
    )
