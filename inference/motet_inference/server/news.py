"""What the engine core says -> what gateways are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motet_inference.config import WorkerConfig
from motet_inference.engine.messages import (
    Cached,
    Ended,
    FinishReason,
    Low,
    StepOutput,
    StopChoice,
    Token,
)
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.server.limits import Limits
from motet_inference.server.pieces import PIECE_BYTES
from motet_inference.server.registry import Registry
from motet_inference.server.request import Request
from motet_inference.server.stats import Stats
from motet_inference.server.tokenizer import Tokenizer
from motet_inference.server.wire import CoreInfo, Tiers

if TYPE_CHECKING:
    from motet_inference.server.front import Front


class News:
    """The core's listener: one call per step, which leaves at most one update per session."""

    def __init__(
        self,
        config: WorkerConfig,
        front: Front,
        requests: Registry,
        stats: Stats,
        tokenizer: Tokenizer,
    ) -> None:
        self._config = config
        self._front = front
        self._requests = requests
        self._stats = stats
        self._tokenizer = tokenizer
        self.info: CoreInfo | None = None
        # Of this core, what gateways were told since; the stats hear of it a little later.
        self._resident: set[str] = set()

    def on_core_ready(self, info: CoreInfo) -> None:
        self.info = info
        self._front.limits = Limits(
            model=self._config.served_name,
            vocab_size=info.vocab_size,
            max_context=info.max_context,
            max_rank=self._config.max_rank,
            max_batch=self._config.max_batch,
            max_bytes=self._tokenizer.max_bytes(info.max_context),
        )

    def on_step(self, output: StepOutput) -> None:
        self._stats.count_step(output)
        for found in output.cached:
            self._tell_cached(found)
        touched = self._take_tokens(output)
        for request in touched:
            self._tell_text(request)
        for low in output.low:
            self._ask(low)
        for ended in output.ended:
            self._finish(ended)
        for refused in output.refused:
            if (broken := self._requests.get(refused.request_id)) is not None:
                self._requests.fail(broken, refused.code, refused.message)
        self._tell_sessions(output)

    def on_tiers(self, tiers: Tiers) -> None:
        self._stats.tiers = tiers

    def on_core_lost(self) -> None:
        """All that the core knew has ended; who has not got to it yet waits for the next one."""
        for request in self._requests.all():
            if request.in_core:
                message = "The engine failed and is starting again."
                self._requests.fail(request, "engine_crashed", message)
        gone = self._resident.union(self._stats.tiers.gpu)
        for session in self._front.sessions:
            for digest in gone:
                session.tell_residency(digest, loaded=False)
            session.tell_load(0, 0, 0)
        self._resident.clear()
        self._stats.lose_core()

    def _tell_cached(self, found: Cached) -> None:
        """While the request runs, so that a worker that is lost leaves a gateway that knows."""
        if (request := self._requests.get(found.request_id)) is not None:
            request.cached_tokens = found.tokens
            request.session.add(request.accepted())

    def _tell_text(self, request: Request) -> None:
        """New text as it comes; of an answer that does not stream, what its end has no room for."""
        for choice in request.choices:
            now = request.submit.stream or choice.ready_bytes >= PIECE_BYTES
            if now and (delta := choice.take()) is not None:
                request.session.add(request.event(delta=delta))

    def _take_tokens(self, output: StepOutput) -> list[Request]:
        """Hand tokens and ends to their choices; -> the requests that have news, once each."""
        ends = {(end.request_id, end.index): end.reason for end in output.choice_ends}
        touched: dict[str, Request] = {}
        for token in output.tokens:
            request = self._requests.get(token.request_id)
            if request is not None:
                touched[request.id] = request
                self._push(request, token, ends.get((token.request_id, token.index)))
        for (request_id, index), reason in ends.items():
            if (ended := self._requests.get(request_id)) is not None:
                touched[ended.id] = ended
                ended.choices[index].finish(reason)
        return list(touched.values())

    def _push(self, request: Request, token: Token, reason: FinishReason | None) -> None:
        choice = request.choices[token.index]
        if choice.reason is not None:
            return  # drawn before the core heard that a stop string was complete
        # A choice that the core itself ends with `stop` was ended by this very token.
        stopped = choice.push(token, ends=reason == "stop")
        if stopped and reason is None and self._front.core is not None:
            self._front.core.send(StopChoice(request_id=request.id, index=token.index))

    def _ask(self, low: Low) -> None:
        request = self._requests.get(low.request_id)
        if request is not None:
            asked = pb.BudgetLow(prompt_needed=low.prompt_needed, output_used=low.output_used)
            request.session.add(request.event(budget_low=asked))
            self._front.wait_for_extension(request)

    def _finish(self, ended: Ended) -> None:
        request = self._requests.get(ended.request_id)
        if request is None:
            return
        usage = request.usage(ended)
        if any(choice.reason is None for choice in request.choices):
            message = "The request was cancelled."
            self._requests.fail(request, "cancelled", message, usage=usage)
        elif request.unpaid:
            message = "The credit does not cover the first token."
            self._requests.fail(request, "insufficient_credit", message, usage=usage)
        else:
            self._requests.finish(request, usage)

    def _tell_sessions(self, output: StepOutput) -> None:
        # Requests that are not in the core yet wait as well, as far as a router is concerned.
        outside = sum(not request.in_core for request in self._requests.all())
        waiting = output.waiting + outside
        self._resident.update(output.loaded)
        self._resident.difference_update(output.evicted)
        for session in self._front.sessions:
            for digest in output.loaded:
                session.tell_residency(digest, loaded=True)
            for digest in output.evicted:
                session.tell_residency(digest, loaded=False)
            session.tell_load(output.step, output.running, waiting)
