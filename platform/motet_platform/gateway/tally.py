"""What a client has received of one request: the only thing it pays for. Pure."""

from __future__ import annotations

from motet_platform.gateway.update import Update
from motet_platform.gateway.usage import NOTHING, Usage


class Tally:
    """Counts delivered tokens. An update is delivered when its `send` has returned."""

    def __init__(self) -> None:
        self.started = False  # a token has reached the client
        self.prompt_tokens = 0
        self.cached_tokens = 0
        self._completion: dict[int, int] = {}

    def deliver(self, update: Update) -> None:
        """Record that `update` is with the client."""
        self._completion.update(_counts(update))
        self.started = True

    def after(self, update: Update) -> Usage:
        """What is to be paid once `update` is delivered."""
        return self._usage({**self._completion, **_counts(update)})

    @property
    def usage(self) -> Usage:
        """What is to be paid now. A request that failed before its first token costs nothing."""
        return self._usage(self._completion) if self.started else NOTHING

    def _usage(self, completion: dict[int, int]) -> Usage:
        return Usage(self.prompt_tokens, self.cached_tokens, sum(completion.values()))


def _counts(update: Update) -> dict[int, int]:
    """Tokens per choice: a worker counts from the start, so the latest word is the truth."""
    counts = {delta.index: delta.completion_tokens for delta in update.deltas}
    if update.finished is not None:
        counts |= {c.index: c.completion_tokens for c in update.finished.choices}
    return counts
