"""The worker's front: sessions on one side, the engine core on the other, requests between."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import Protocol

from motet_inference.adapters.errors import AdapterError
from motet_inference.adapters.store import AdapterStore
from motet_inference.config import WorkerConfig
from motet_inference.engine.messages import AdapterRef, Add, Cancel, Extend, Sampling, ToCore
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.server.checks import check_submit, too_long
from motet_inference.server.choice import Choice
from motet_inference.server.errors import InvalidRequest, RequestError
from motet_inference.server.intake import Intake
from motet_inference.server.limits import Limits
from motet_inference.server.registry import Registry
from motet_inference.server.request import Request
from motet_inference.server.session import GatewaySession
from motet_inference.server.stats import Stats
from motet_inference.server.tokenizer import Tokenizer

# How long a request waits for a core that is starting again.
_CORE_PATIENCE_S = 60.0

log = logging.getLogger(__name__)


class Core(Protocol):
    """See engine_process.EngineProcess."""

    ready: asyncio.Event

    def send(self, message: ToCore) -> None: ...


class Front:
    """Takes in what gateways send; `News` gives out what the core says.

    `limits` are known once a core has been ready, and no session is opened before.
    """

    def __init__(
        self,
        config: WorkerConfig,
        tokenizer: Tokenizer,
        store: AdapterStore,
        requests: Registry,
        stats: Stats,
    ) -> None:
        self.sessions: set[GatewaySession] = set()
        self.draining = False
        self.limits: Limits | None = None
        self.core: Core | None = None
        self._config = config
        self._tokenizer = tokenizer
        self._store = store
        self._requests = requests
        self._stats = stats
        self._intake = Intake(tokenizer)

    # ---- sessions ----

    def open_session(self, session: GatewaySession) -> None:
        self.sessions.add(session)
        if self.draining:
            session.tell_draining()

    def close_session(self, session: GatewaySession) -> None:
        """The gateway is gone: nobody pays for its requests any more, so they end now."""
        self.sessions.discard(session)
        for request in self._requests.all():
            if request.session is session:
                self.cancel(request)

    def drain(self) -> None:
        """Take nothing new, and say so."""
        self.draining = True
        for session in self.sessions:
            session.tell_draining()

    def receive(self, session: GatewaySession, message: pb.ToWorker) -> None:
        """One message of a gateway. Nothing in it can raise."""
        kind = message.WhichOneof("message")
        if kind == "submit":
            self._submit(session, message.submit)
        elif kind in ("extend", "cancel"):
            named = message.extend if kind == "extend" else message.cancel
            request = self._requests.named(session, named.request_id)
            if request is None:
                return  # it has ended, and the news is on its way
            if kind == "extend":
                self._extend(request, message.extend)
            else:
                self.cancel(request)

    # ---- requests in ----

    def _submit(self, session: GatewaySession, submit: pb.Submit) -> None:
        if (twin := self._requests.named(session, submit.request_id)) is not None:
            # Two streams under one name cannot be told apart: both end.
            self._end_in_core(twin)
            self._requests.fail(twin, "invalid_request", "The request id is in use.")
            return
        request = self._requests.open(session, submit)
        try:
            sampling = self._check(submit)
        except RequestError as error:
            self._requests.fail(request, error.code, error.message, param=error.param)
            return
        self._stats.count_request(request.digest)
        request.task = asyncio.create_task(self._run(request, sampling), name=request.id)

    def _check(self, submit: pb.Submit) -> Sampling:
        assert self.limits is not None  # no session is welcomed before
        if self.draining:
            raise RequestError("draining", "The worker is shutting down.")
        if not 0 < len(submit.request_id) <= 128:
            raise InvalidRequest("request_id must have 1 to 128 characters.")
        if len(self._requests) > self._config.max_batch + self._config.max_waiting:
            raise RequestError("overloaded", "The worker has too many requests waiting.")
        return check_submit(submit, self.limits)

    async def _run(self, request: Request, sampling: Sampling) -> None:
        """A request from its first check to its end; its adapter stays on disk as long."""
        try:
            async with AsyncExitStack() as held:
                prompt = await self._tokenize(request, sampling)
                adapter = await self._adapter(request, held)
                await self._core_ready()
                self._add(request, prompt, sampling, adapter)
                await request.ended.wait()
        except (RequestError, AdapterError) as error:
            param = error.param if isinstance(error, RequestError) else ""
            self._requests.fail(request, error.code, error.message, param=param)
        except Exception:
            log.exception("request %s", request.id)
            self._end_in_core(request)
            self._requests.fail(request, "internal", "The worker failed on this request.")

    async def _tokenize(self, request: Request, sampling: Sampling) -> list[int]:
        assert self.limits is not None
        submit = request.submit
        prompt = await self._intake.prompt(submit)
        if not prompt.ids:
            raise InvalidRequest("The prompt is empty.", param="prompt")
        if len(prompt.ids) >= self.limits.max_context:
            raise too_long(len(prompt.ids), self.limits.max_context)
        request.prompt_tokens = len(prompt.ids)
        request.choices = [
            Choice(
                index,
                self._tokenizer.vocabulary,
                stops=tuple(submit.sampling.stop),
                at_start=prompt.at_start,
                prefix=prompt.echo,
            )
            for index in range(submit.n)
        ]
        request.session.add(request.accepted())
        return prompt.ids

    async def _adapter(self, request: Request, held: AsyncExitStack) -> AdapterRef | None:
        if not request.submit.HasField("adapter"):
            return None
        adapter = request.submit.adapter
        path = await held.enter_async_context(self._store.use(adapter.digest, adapter.uri))
        return AdapterRef(digest=adapter.digest, path=str(path), rank=adapter.rank)

    async def _core_ready(self) -> None:
        assert self.core is not None
        try:
            async with asyncio.timeout(_CORE_PATIENCE_S):
                await self.core.ready.wait()
        except TimeoutError:
            raise RequestError("engine_crashed", "The engine does not start.") from None

    def _add(
        self, request: Request, ids: list[int], sampling: Sampling, adapter: AdapterRef | None
    ) -> None:
        assert self.core is not None
        self.core.send(
            Add(
                request_id=request.id,
                account=request.submit.account,
                salt=request.submit.cache_salt,
                prompt=ids,
                prompt_budget=request.prompt_budget,
                output_budget=request.output_budget,
                sampling=sampling,
                adapter=adapter,
                weight=request.submit.weight or 1,
                n=request.submit.n,
            )
        )
        request.in_core = True
        if request.last:
            self._send_extend(request)

    # ---- while it runs ----

    def _extend(self, request: Request, extend: pb.Extend) -> None:
        request.prompt_budget = max(request.prompt_budget, extend.prompt_budget)
        request.output_budget = max(request.output_budget, extend.output_budget)
        request.last = request.last or extend.last
        request.stop_patience()
        if request.in_core:
            self._send_extend(request)

    def wait_for_extension(self, request: Request) -> None:
        """The engine asked for more budget. A gateway that never answers must not hold it open."""
        loop = asyncio.get_running_loop()
        request.stop_patience()
        request.patience = loop.call_later(self._config.budget_wait_s, self._no_extension, request)

    def _no_extension(self, request: Request) -> None:
        log.warning("request %s: no extension came", request.id)
        request.patience, request.last = None, True
        self._send_extend(request)

    def _send_extend(self, request: Request) -> None:
        assert self.core is not None
        self.core.send(
            Extend(
                request_id=request.id,
                prompt_budget=request.prompt_budget,
                output_budget=request.output_budget,
                last=request.last,
            )
        )

    def cancel(self, request: Request) -> None:
        """End it now; with the core's last word on it, if the core knows it."""
        request.cancelled = True
        if request.in_core:
            self._end_in_core(request)
        else:
            self._requests.fail(request, "cancelled", "The request was cancelled.")

    def _end_in_core(self, request: Request) -> None:
        if request.in_core and self.core is not None:
            self.core.send(Cancel(request_id=request.id))

    def close(self) -> None:
        self._intake.close()
