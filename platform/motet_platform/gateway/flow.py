"""The one path of a request for tokens, read top to bottom."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator

from motet_billing.errors import InsufficientCredit, LedgerUnavailable
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.rpc.client import RequestStream, WorkerUnavailable

from motet_platform.errors import Unavailable
from motet_platform.fleet.pick import Want
from motet_platform.gateway.ask import Ask
from motet_platform.gateway.budget import Budget
from motet_platform.gateway.caller import Caller, Route
from motet_platform.gateway.exchange import Exchange
from motet_platform.gateway.extender import Extender
from motet_platform.gateway.failures import RETRYABLE, MaxCostReached, failure, not_affordable
from motet_platform.gateway.outcome import ClientGone
from motet_platform.gateway.services import Services
from motet_platform.gateway.settlement import hold_context, settle
from motet_platform.gateway.tally import Tally
from motet_platform.gateway.update import Update, next_update
from motet_platform.gateway.whole import Whole
from motet_platform.keys.subject import key_subject

log = logging.getLogger(__name__)

TRIES = 2
_LAST_WORD_S = 2.0  # how long a cancelled request may take to say what it used


class Flow:
    """One request from its name to its settlement.

    `run` yields what the client is owed. An update counts as delivered when `run` is asked for the
    next one: so the reader asks only after its `send` has returned.
    """

    def __init__(self, services: Services, exchange: Exchange, caller: Caller, ask: Ask) -> None:
        self._services = services
        self._exchange = exchange
        self._outcome = exchange.outcome
        self._caller = caller
        self._ask = ask
        self._tally = Tally()
        self._whole = Whole()
        self._stream: RequestStream | None = None
        self._tried: list[str] = []

    async def run(self) -> AsyncGenerator[Update, None]:
        """Raises MotetError, also in the middle, and ClientGone. Settles however it ends."""
        route = await self._services.routes.route_for(self._caller, self._ask.model)
        self._outcome.base, self._outcome.version = route.base, route.version
        admission = await self._services.limits.admit(self._caller, self._ask.prompt_estimate)
        self._outcome.headers.update(admission.headers)
        try:
            extender = await self._hold_open(route)
            try:
                await self._submit(route, extender.budget)
                while True:
                    update = await self._next(extender)
                    if update.visible:
                        yield update
                        self._tally.deliver(update)
                    if update.finished is not None:
                        self._outcome.status = 200
                        return
                    if update.failed is not None:
                        await self._try_again(update.failed, route, extender)
            except BaseException as error:
                self._outcome.failed(error)
                raise
            finally:
                await self._settle(route, extender)
        finally:
            usage = self._tally.usage
            await self._services.limits.leave(
                admission, usage.prompt_tokens + usage.completion_tokens
            )

    async def _hold_open(self, route: Route) -> Extender:
        ask = self._ask
        budget = Budget.first(
            prompt_estimate=ask.prompt_estimate, n=ask.n, max_tokens=ask.max_tokens
        )
        if ask.max_cost is not None:
            fits = budget.begun_within(route.price, ask.max_cost)
            if fits is None:
                error = MaxCostReached(ask.max_cost, budget.amount(route.price))
                raise not_affordable(error, route.price, budget)
            budget = fits
        extender = Extender(
            self._services.ledger,
            request_id=self._exchange.request_id,
            price=route.price,
            budget=budget,
            tally=self._tally,
            max_cost=ask.max_cost,
        )
        try:
            await self._services.ledger.hold_open(
                request_id=self._exchange.request_id,
                wallet_id=self._caller.wallet_id,
                amount=extender.amount,
                price_version_id=route.price.version_id,
                context=hold_context(self._caller, self._ask, route),
                subject=key_subject(self._caller.key_id),
            )
        except InsufficientCredit as error:
            raise not_affordable(error, route.price, budget) from None
        except LedgerUnavailable:
            raise Unavailable("The service cannot take this request right now.") from None
        return extender

    async def _submit(self, route: Route, budget: Budget) -> None:
        """Send the request to a worker; the second time it may take a while to find one."""
        adapter = route.adapter
        want = Want(
            base=route.base,
            affinity=str(self._caller.account_id),
            digest=adapter.digest if adapter else None,
            rank=adapter.rank if adapter else 0,
        )
        self._whole = Whole()
        message = pb.Submit()
        message.CopyFrom(self._ask.submit)
        message.request_id = self._exchange.request_id
        message.account = str(self._caller.account_id)
        message.cache_salt = self._services.salts.salt(self._caller.account_id)
        message.weight = 1
        message.base_model = route.base
        message.prompt_budget, message.output_budget = budget.prompt, budget.output
        if adapter is not None:
            message.adapter.CopyFrom(
                pb.Adapter(digest=adapter.digest, uri=adapter.uri, rank=adapter.rank)
            )
        wait_s = self._services.config.worker_wait_s if self._tried else 0.0
        worker = await self._services.fleet.pick_within(want, wait_s=wait_s, avoid=self._tried)
        self._tried.append(worker.target)
        self._outcome.worker, self._outcome.tries = worker.target, len(self._tried)
        try:
            self._stream = worker.submit(message)
        except WorkerUnavailable:
            raise Unavailable("The worker takes no requests right now. Please retry.") from None
        self._exchange.watch(self._cancel)

    async def _next(self, extender: Extender) -> Update:
        assert self._stream is not None
        update = await next_update(self._stream)
        assert update is not None, "a stream ends with a terminal event, and is then left"
        if not self._ask.stream:
            self._whole.keep(update)
        if update.accepted is not None:
            self._tally.prompt_tokens = update.accepted.prompt_tokens
            self._tally.cached_tokens = update.accepted.cached_tokens
            extender.accepted(update.accepted.prompt_tokens)
        if update.low is not None:
            extender.answer(update.low, self._stream)
        if update.finished is not None or update.failed is not None:
            await self._end(update, extender)
        # An answer that comes whole has no first token that anybody waited for.
        if self._ask.stream and update.visible and self._outcome.ttft_ms is None:
            self._outcome.ttft_ms = self._exchange.elapsed_ms
        return update

    async def _end(self, update: Update, extender: Extender) -> None:
        """The worker's last word on this try."""
        self._stream = None
        await extender.finish()
        last = update.finished or update.failed
        if last is not None and last.usage.prompt_tokens:
            self._tally.prompt_tokens = last.usage.prompt_tokens
            self._tally.cached_tokens = last.usage.cached_tokens
        if update.finished is not None:
            update.usage = self._tally.after(update)
            reasons = {choice.finish_reason for choice in update.finished.choices}
            update.code = extender.code if "budget" in reasons else None
            self._outcome.finish_reason = "length" if "budget" in reasons else min(reasons)

    async def _try_again(self, failed: pb.Failed, route: Route, extender: Extender) -> None:
        """Submit once more if nothing was delivered and that may help; else raise the failure."""
        if self._exchange.gone:
            raise ClientGone
        if extender.refusal is not None:
            raise extender.refusal
        self._outcome.finish_reason = "error"
        if self._tally.started or failed.code not in RETRYABLE or len(self._tried) >= TRIES:
            raise failure(failed)
        log.info("%s: tried again after %s", self._exchange.request_id, failed.code)
        await self._submit(route, extender.budget)

    def _cancel(self) -> None:
        """The client has gone. A worker that does not answer is waited for only so long."""
        stream = self._stream
        if stream is not None:
            stream.cancel()
            last_word = pb.Event(request_id=stream.request_id, failed=pb.Failed(code="cancelled"))
            asyncio.get_running_loop().call_later(_LAST_WORD_S, stream.push, last_word)

    async def _settle(self, route: Route, extender: Extender) -> None:
        """Charge what was delivered and put it on record."""
        if self._stream is not None:
            # The reader left in the middle; only the last word says how much was cached.
            self._cancel()
            while self._stream is not None:
                await self._next(extender)
        await extender.finish()
        await settle(
            self._services.ledger,
            self._exchange,
            self._caller,
            self._ask,
            route,
            usage=self._tally.usage,
            held=extender.amount,
        )
