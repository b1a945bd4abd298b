"""The events of one request, as the gateway's side of a session hands them out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from motet_inference.rpc import worker_pb2 as pb

Send = Callable[[pb.ToWorker], None]


class RequestStream:
    """An async iterator over the events of one request, in order, up to the terminal one.

    `Finished` and `Failed` are terminal. When the session is lost first, the last event is
    `Failed(code="worker_lost")` without usage: what was delivered, only the reader knows.
    """

    def __init__(self, request_id: str, send: Send) -> None:
        self.request_id = request_id
        self._send = send
        self._events: deque[pb.Event] = deque()
        self._news = asyncio.Event()
        self._ended = False

    def extend(self, *, prompt_budget: int, output_budget: int, last: bool) -> None:
        """Grant new totals, in tokens. Nothing happens when the request has ended."""
        if not self._ended:
            self._send(
                pb.ToWorker(
                    extend=pb.Extend(
                        request_id=self.request_id,
                        prompt_budget=prompt_budget,
                        output_budget=output_budget,
                        last=last,
                    )
                )
            )

    def cancel(self) -> None:
        """End the request now. A terminal event still comes, with what was used."""
        if not self._ended:
            self._send(pb.ToWorker(cancel=pb.Cancel(request_id=self.request_id)))

    def get_nowait(self) -> pb.Event | None:
        """The next event if it is here already: what a slow reader coalesces."""
        return self._events.popleft() if self._events else None

    def __aiter__(self) -> RequestStream:
        return self

    async def __anext__(self) -> pb.Event:
        while not self._events:
            if self._ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._events.popleft()

    def push(self, event: pb.Event) -> bool:
        """Add an event (the session's reader does); True when it is the terminal one."""
        self._events.append(event)
        self._ended = event.WhichOneof("kind") in ("finished", "failed")
        self._news.set()
        return self._ended
