"""A request and its choices, as the scheduler keeps them."""

from __future__ import annotations

from array import array
from typing import Literal

from torch import Tensor

from motet_inference.engine.blocks import Hash, chain_seed, extend_chain
from motet_inference.engine.budget import Budget
from motet_inference.engine.messages import Add

# held: until the first choice has computed the prompt they share; paused: until more is paid for.
Phase = Literal["held", "waiting", "running", "paused", "ended"]


class Choice:
    """One sequence of tokens that is being continued.

    Attributes:
        tokens: prompt and what was sampled.
        output: what `sampled` has collected.
        blocks: as int32 in one piece, since a long context's table is copied in every step.
        num_computed: tokens whose keys and values are in `blocks`.
        num_charged: tokens that the account was charged for in the fair queue; computing them again
            after a preemption is not its fault.
    """

    __slots__ = (
        "blocks",
        "hashes",
        "index",
        "num_charged",
        "num_computed",
        "num_published",
        "output",
        "phase",
        "request",
        "tokens",
    )

    def __init__(self, request: Request, index: int) -> None:
        self.request = request
        self.index = index
        self.tokens = list(request.prompt)
        self.output = array("q")
        self.blocks = array("i")
        self.hashes: list[Hash] = []
        self.num_computed = 0
        self.num_published = 0
        self.num_charged = 0
        self.phase: Phase = "held"

    def sampled(self) -> array[int]:
        """What was sampled, as int64 in one piece. Takes as long as there is news since the last
        call. Whoever views its memory lets go before the next one."""
        self.output.extend(self.tokens[len(self.request.prompt) + len(self.output) :])
        return self.output

    @property
    def order(self) -> tuple[int, int]:
        """Earlier arrivals first, within a request the lower index."""
        return self.request.arrival, self.index

    @property
    def num_pending(self) -> int:
        """Tokens to compute before the next one can be sampled; 1 while decoding."""
        return len(self.tokens) - self.num_computed

    @property
    def num_sampled(self) -> int:
        return len(self.tokens) - len(self.request.prompt)

    def chain(self, block_size: int) -> list[Hash]:
        """The hashes of its full blocks."""
        extend_chain(self.hashes, self.request.seed, self.tokens, block_size)
        return self.hashes


class Request:
    """What an `Add` asked for, and where it stands.

    Attributes:
        max_output: tokens that each choice may sample, by its own limit and the context's.
        slot: the adapter slot while any choice runs, else None.
        starved_since: the step in which it first found every slot in use, while it still waits.
        cached_tokens: of the prompt, found in the prefix cache when it was first admitted.
        prompt_done: whether the prompt was computed, and so is to be paid.
        held: which tokens of the vocabulary its prompt holds, as the sampler has found them.
    """

    def __init__(self, add: Add, *, arrival: int, revision: str, max_context: int) -> None:
        self.id = add.request_id
        self.account = add.account
        self.weight = max(1, add.weight)
        self.prompt = add.prompt
        self.sampling = add.sampling
        self.adapter = add.adapter
        self.arrival = arrival
        self.budget = Budget(prompt=add.prompt_budget, output=add.output_budget)
        self.seed = chain_seed(
            salt=add.salt,
            revision=revision,
            adapter=add.adapter.digest if add.adapter else None,
        )
        room = max_context - len(add.prompt)
        asked = add.sampling.max_tokens
        self.max_output = room if asked is None else min(room, asked)
        self.slot: int | None = None
        self.starved_since: int | None = None
        self.cached_tokens: int | None = None
        self.prompt_done = False
        self.held: Tensor | None = None
        self.choices = [Choice(self, index) for index in range(add.n)]

    @property
    def live(self) -> list[Choice]:
        return [choice for choice in self.choices if choice.phase != "ended"]

    @property
    def wanted(self) -> int:
        """Output tokens that its choices could still take."""
        return sum(self.max_output - choice.num_sampled for choice in self.live)
