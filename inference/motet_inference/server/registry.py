"""All requests that have not ended, and the one way in which each of them ends."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter

from motet_inference.rpc import worker_pb2 as pb
from motet_inference.server.journal import Journal, Line
from motet_inference.server.request import Request
from motet_inference.server.session import GatewaySession
from motet_inference.server.stats import Stats


class Registry:
    """Every request that was opened ends in `finish` or `fail`, once; both are told and recorded.

    A request's own id is never used again, so what the core still says of one that has ended can
    not be taken for news of another, even if a gateway uses a name twice.
    """

    def __init__(self, stats: Stats, journal: Journal) -> None:
        self._stats = stats
        self._journal = journal
        self._requests: dict[str, Request] = {}
        self._names: dict[tuple[GatewaySession, str], Request] = {}
        self._numbers = itertools.count(1)
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._requests)

    def all(self) -> list[Request]:
        return list(self._requests.values())

    def get(self, own_id: str) -> Request | None:
        return self._requests.get(own_id)

    def named(self, session: GatewaySession, request_id: str) -> Request | None:
        """By the name that its gateway gave it."""
        return self._names.get((session, request_id))

    def pins(self) -> Counter[str]:
        """Digest -> requests that use it now."""
        return Counter(r.digest for r in self._requests.values() if r.digest)

    def open(self, session: GatewaySession, submit: pb.Submit) -> Request:
        request = Request(
            id=f"{next(self._numbers)}/{submit.request_id[:128]}",
            session=session,
            submit=submit,
            prompt_budget=submit.prompt_budget,
            output_budget=submit.output_budget,
        )
        self._requests[request.id] = request
        self._names[session, submit.request_id] = request
        self._empty.clear()
        return request

    def finish(self, request: Request, usage: pb.Usage) -> None:
        choices = [choice.result() for choice in request.choices]
        request.session.add(request.event(finished=pb.Finished(usage=usage, choices=choices)))
        self._end(request, "finished", usage)

    def fail(
        self,
        request: Request,
        code: str,
        message: str,
        *,
        param: str = "",
        usage: pb.Usage | None = None,
    ) -> None:
        """`usage`: by default what is known here. Nothing happens to one that has ended."""
        if request.ended.is_set():
            return
        usage = usage or request.usage()
        failed = pb.Failed(code=code, message=message, usage=usage, param=param)
        request.session.add(request.event(failed=failed))
        self._end(request, code, usage)

    async def drained(self) -> None:
        """Return when no request is left."""
        await self._empty.wait()

    def _end(self, request: Request, outcome: str, usage: pb.Usage) -> None:
        request.stop_patience()
        del self._requests[request.id]
        del self._names[request.session, request.request_id]
        request.ended.set()
        task = request.task
        if task is not None and not request.in_core and task is not asyncio.current_task():
            task.cancel()  # it waits for a prompt, a file or the core
        self._stats.count_usage(usage)
        self._journal.write(
            Line(
                at=time.time(),
                request_id=request.request_id,
                gateway_id=request.session.gateway_id,
                account=request.submit.account,
                base_model=request.submit.base_model,
                digest=request.digest,
                outcome=outcome,
                prompt_tokens=usage.prompt_tokens,
                cached_tokens=usage.cached_tokens,
                completion_tokens=usage.completion_tokens,
            )
        )
        if not self._requests:
            self._empty.set()
