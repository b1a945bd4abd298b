"""What the scheduler decided for one step."""

from dataclasses import dataclass, field

from motet_inference.engine.request import Choice, Request


@dataclass(frozen=True)
class Chunk:
    """Tokens `start:start + count` of a choice; `samples` if a new token follows from them."""

    choice: Choice
    start: int
    count: int
    samples: bool


@dataclass
class Plan:
    """The chunks of a step, filled by the scheduler within the token budget.

    Attributes:
        step: its number.
        room: tokens that may still be added.
        admitting: False once a choice found no blocks: who comes later must not take what it waits
            for.
        unavailable: digests that cannot be had in this step.
        preemptions: choices that had to stop running for others.
    """

    step: int
    room: int
    chunks: list[Chunk] = field(default_factory=list)
    admitting: bool = True
    unavailable: set[str] = field(default_factory=set)
    preemptions: int = 0
    _sampling: dict[str, int] = field(default_factory=dict)

    def may_sample(self, request: Request) -> bool:
        """Whether the request's budget allows one more token in this step."""
        return self._sampling.get(request.id, 0) < request.budget.left

    def add(self, choice: Choice, count: int) -> Chunk:
        samples = count == choice.num_pending
        if samples:
            self._sampling[choice.request.id] = self._sampling.get(choice.request.id, 0) + 1
        chunk = Chunk(choice, choice.num_computed, count, samples)
        self.chunks.append(chunk)
        self.room -= count
        return chunk

    def add_next(self, chunk: Chunk) -> Chunk:
        """The token that a decoding chunk is about to give."""
        following = Chunk(chunk.choice, chunk.start + 1, 1, samples=True)
        self.chunks.append(following)
        self.room -= 1
        return following

    @property
    def num_tokens(self) -> int:
        return sum(chunk.count for chunk in self.chunks)

    @property
    def digests(self) -> set[str]:
        """The adapters in this step's batch."""
        adapters = (chunk.choice.request.adapter for chunk in self.chunks)
        return {adapter.digest for adapter in adapters if adapter is not None}
