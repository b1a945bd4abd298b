"""A request that a worker has taken and not ended yet."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from motet_inference.engine.messages import Ended
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.server.choice import Choice

if TYPE_CHECKING:
    from motet_inference.server.session import GatewaySession


@dataclass(eq=False)
class Request:
    """What the front knows of one request.

    id: unique in this worker's life; `request_id` is unique for its gateway, while it runs.
    choices: empty until the prompt is tokenized.
    cached_tokens: of the prompt, as far as is known while it runs.
    in_core: whether the engine core was told of it.
    prompt_budget, output_budget: totals granted so far; `last`: no more will be.
    patience: runs out when an extension that was asked for does not come.
    """

    id: str
    session: GatewaySession
    submit: pb.Submit
    prompt_budget: int
    output_budget: int
    last: bool = False
    choices: list[Choice] = field(default_factory=list)
    prompt_tokens: int = 0
    cached_tokens: int = 0
    in_core: bool = False
    cancelled: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    patience: asyncio.TimerHandle | None = None

    @property
    def request_id(self) -> str:
        return self.submit.request_id

    @property
    def digest(self) -> str:
        return self.submit.adapter.digest

    @property
    def sampled(self) -> int:
        return sum(choice.sampled for choice in self.choices)

    @property
    def unpaid(self) -> bool:
        """Whether it ended because not even its first token was paid for."""
        return not self.sampled and all(choice.reason == "budget" for choice in self.choices)

    def usage(self, ended: Ended | None = None) -> pb.Usage:
        """With `ended` the engine's last word, else what is known before it."""
        if ended is None:
            known = self.sampled > 0
            prompt, cached = self.prompt_tokens * known, self.cached_tokens * known
        else:
            prompt, cached = ended.prompt_tokens, ended.cached_tokens
        return pb.Usage(prompt_tokens=prompt, cached_tokens=cached, completion_tokens=self.sampled)

    def accepted(self) -> pb.Event:
        """What is known of its prompt."""
        accepted = pb.Accepted(prompt_tokens=self.prompt_tokens, cached_tokens=self.cached_tokens)
        return self.event(accepted=accepted)

    def stop_patience(self) -> None:
        """An extension came, or the request has ended."""
        if self.patience is not None:
            self.patience.cancel()
            self.patience = None

    def event(
        self, **kind: pb.Accepted | pb.Delta | pb.BudgetLow | pb.Finished | pb.Failed
    ) -> pb.Event:
        return pb.Event(request_id=self.request_id, **kind)  # type: ignore[arg-type]
