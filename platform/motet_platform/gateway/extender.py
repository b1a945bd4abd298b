"""Keeps a running request's hold ahead of its tokens."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from motet_billing.errors import InsufficientCredit, LedgerError, LedgerUnavailable
from motet_billing.pricing import Price, cost
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.rpc.client import RequestStream

from motet_platform.errors import MotetError, Unavailable
from motet_platform.gateway.budget import Budget
from motet_platform.gateway.failures import MaxCostReached, code_of, not_affordable
from motet_platform.gateway.tally import Tally

log = logging.getLogger(__name__)

_RETRY_S = 0.5
_PATIENCE_S = 30.0  # shorter than a hold's lease


class HoldExtender(Protocol):
    """The one call of the ledger that is needed here."""

    async def hold_extend(
        self, *, request_id: str, amount: int, checkpoint: dict[str, int]
    ) -> None: ...


class Extender:
    """Answers BudgetLow: more credit is held first, then the worker is told its new budget.

    Runs beside the stream, which goes on delivering what is paid for. `refusal` is set when the
    request must end: nothing of it can be afforded. `code` is set when it may end early.
    """

    def __init__(
        self,
        ledger: HoldExtender,
        *,
        request_id: str,
        price: Price,
        budget: Budget,
        tally: Tally,
        max_cost: int | None = None,
    ) -> None:
        self.budget = budget
        self.amount = max(1, budget.amount(price))  # held, in picodollars
        self.refusal: MotetError | None = None
        self.code: str | None = None
        self._ledger = ledger
        self._request_id = request_id
        self._price = price
        self._tally = tally
        self._max_cost = max_cost
        self._task: asyncio.Task[None] | None = None

    def accepted(self, prompt_tokens: int) -> None:
        """The prompt's true length: what was held for more of it now pays for output."""
        if prompt_tokens <= self.budget.prompt:
            self.budget = self.budget.with_prompt(prompt_tokens)

    def answer(self, low: pb.BudgetLow, stream: RequestStream) -> None:
        """Begin to answer; a worker asks once per grant, so no two answers overlap."""
        self._task = asyncio.create_task(self._answer(low, stream))

    async def finish(self) -> None:
        """Wait for an answer under way: a hold must not grow after it was settled."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _answer(self, low: pb.BudgetLow, stream: RequestStream) -> None:
        wanted = self.budget.grown(prompt_needed=low.prompt_needed, output_used=low.output_used)
        try:
            await self._hold_most_of(wanted)
            self._grant(stream, last=self.code is not None or self.budget.exhausted)
        except InsufficientCredit as error:
            self.refusal = not_affordable(error, self._price, wanted, held=self.amount)
            stream.cancel()
        except LedgerError as error:
            log.warning("%s: the hold cannot grow: %r", self._request_id, error)
            self.code = "ledger_unavailable"
            if wanted.prompt > self.budget.prompt:
                self.refusal = Unavailable("The service cannot take this request right now.")
                stream.cancel()
            else:
                self._grant(stream, last=True)

    async def _hold_most_of(self, wanted: Budget) -> None:
        """Hold it, or as much of its output as can be paid: `code` then says what set the end.

        InsufficientCredit where a longer prompt cannot be paid beside what was granted.
        """
        while wanted != self.budget:
            try:
                self._check_max_cost(wanted)
                await self._hold(wanted)
            except InsufficientCredit as error:
                fits = wanted.within(self._price, self.amount + error.available)
                if fits is None or fits.output < self.budget.output:
                    if wanted.prompt > self.budget.prompt:
                        raise
                    fits = self.budget
                self.code = code_of(error)
                wanted = fits

    def _check_max_cost(self, wanted: Budget) -> None:
        needed = wanted.amount(self._price)
        if self._max_cost is not None and needed > self._max_cost:
            raise MaxCostReached(self._max_cost - self.amount, needed)

    async def _hold(self, wanted: Budget) -> None:
        amount = max(self.amount, wanted.amount(self._price))
        deadline = asyncio.get_running_loop().time() + _PATIENCE_S
        while True:
            try:
                await self._ledger.hold_extend(
                    request_id=self._request_id, amount=amount, checkpoint=self._checkpoint()
                )
                break
            except LedgerUnavailable:
                # The stream goes on meanwhile with what it was granted.
                if asyncio.get_running_loop().time() >= deadline:
                    raise
            await asyncio.sleep(_RETRY_S)
        self.budget, self.amount = wanted, amount

    def _grant(self, stream: RequestStream, *, last: bool) -> None:
        stream.extend(prompt_budget=self.budget.prompt, output_budget=self.budget.output, last=last)

    def _checkpoint(self) -> dict[str, int]:
        usage = self._tally.usage
        return {
            "prompt_tokens": usage.prompt_tokens,
            "cached_tokens": usage.cached_tokens,
            "completion_tokens": usage.completion_tokens,
            "cost": cost(
                self._price, usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens
            ),
        }
