"""What a client has received of one request: the only thing it pays for. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from motet_platform.gateway.update import Update


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as they are charged and shown."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


NOTHING = Usage()


class Tally:
    """Counts delivered tokens. An update is delivered when its `send` has returned."""

    def __init__(self) -> None:
        self.started = False  # a token has reached the client
        self.prompt_tokens = 0
        self.cached_tokens = 0
        self._completion: dict[int, int] = {}

    def deliver(self, update: Update) -> None:
        """Record that `update` is with the client."""
        for delta in update.deltas:
            self._completion[delta.index] = delta.completion_tokens
        if update.finished is not None:
            for choice in update.finished.choices:
                self._completion[choice.index] = choice.completion_tokens
        self.started = True

    @property
    def usage(self) -> Usage:
        """What is to be paid. A request that failed before its first token costs nothing."""
        if not self.started:
            return NOTHING
        return Usage(self.prompt_tokens, self.cached_tokens, sum(self._completion.values()))
