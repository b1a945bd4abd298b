"""The news of one request since its reader last looked, merged into one piece."""

from __future__ import annotations

from dataclasses import dataclass, field

from motet_inference.rpc import worker_pb2 as pb
from motet_inference.rpc.client import RequestStream

from motet_platform.gateway.usage import Usage


@dataclass(slots=True)
class Delta:
    """New text of one choice, from one or more of the worker's deltas."""

    index: int
    text: str
    completion_tokens: int
    logprobs: list[pb.TokenLogprob]


@dataclass(slots=True)
class Update:
    """At most one delta per choice; `finished` and `failed` are terminal."""

    deltas: list[Delta] = field(default_factory=list)
    accepted: pb.Accepted | None = None
    low: pb.BudgetLow | None = None
    finished: pb.Finished | None = None
    failed: pb.Failed | None = None
    usage: Usage | None = None  # what will have been delivered once this is
    code: str | None = None  # why it ended before the client wanted it to

    @property
    def visible(self) -> bool:
        """Whether the client is owed something for it."""
        return bool(self.deltas) or self.finished is not None

    def add(self, event: pb.Event) -> None:
        """Take one of the worker's events in."""
        kind = event.WhichOneof("kind")
        if kind == "delta":
            self._add_delta(event.delta)
        elif kind == "finished":
            self.finished = event.finished
        elif kind == "failed":
            self.failed = event.failed
        elif kind == "budget_low":
            self.low = event.budget_low
        elif kind == "accepted":
            self.accepted = event.accepted

    def _add_delta(self, new: pb.Delta) -> None:
        for delta in self.deltas:
            if delta.index == new.index:
                delta.text += new.text
                delta.completion_tokens = new.completion_tokens
                delta.logprobs.extend(new.logprobs)
                return
        self.deltas.append(Delta(new.index, new.text, new.completion_tokens, list(new.logprobs)))


async def next_update(stream: RequestStream) -> Update | None:
    """Wait for news, then take all that is here: a slow socket gets fewer, larger pieces."""
    first = await anext(stream, None)
    if first is None:
        return None
    update = Update()
    update.add(first)
    while (event := stream.get_nowait()) is not None:
        update.add(event)
    return update
