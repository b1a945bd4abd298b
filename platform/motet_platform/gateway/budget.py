"""How many tokens a request has been granted, and what they cost at most. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from motet_billing.pricing import Price, cost

from motet_platform.gateway.ask import BYTES_PER_TOKEN

OUTPUT_CHUNK = 1024  # output tokens per choice that one grant covers
LOW_WATER = 256  # a worker asks for more when this many granted output tokens are left


@dataclass(frozen=True, slots=True)
class Budget:
    """Totals in tokens. `ceiling` is what the client allows, None where only the context ends."""

    prompt: int
    output: int
    ceiling: int | None
    step: int

    @classmethod
    def first(cls, *, prompt_estimate: int, n: int, max_tokens: int | None) -> Self:
        """The first grant: a large `max_tokens` holds no more than one chunk per choice."""
        step = n * OUTPUT_CHUNK
        ceiling = None if max_tokens is None else n * max_tokens
        output = step if ceiling is None else min(step, ceiling)
        return cls(prompt=prompt_estimate, output=output, ceiling=ceiling, step=step)

    def begun_within(self, price: Price, max_cost: int) -> Budget | None:
        """This first grant under a client's own limit; None if no output at all fits in it.

        A grant is never taken back. So where the limit may be tight (a token is a byte at worst),
        each choice gets one token until the prompt's true length is known.
        """
        if cost(price, BYTES_PER_TOKEN * self.prompt, 0, self.output) <= max_cost:
            return self
        output = min(self.output, self.step // OUTPUT_CHUNK)
        left = max_cost - cost(price, 0, 0, output)
        if left < 0:
            return None
        prompt = self.prompt if price.input == 0 else min(self.prompt, left // price.input)
        return replace(self, prompt=prompt, output=output)

    @property
    def exhausted(self) -> bool:
        """Whether the client's own ceiling is granted: nothing is left to ask for."""
        return self.output == self.ceiling

    def amount(self, price: Price) -> int:
        """What this many tokens cost at most, in picodollars: no prompt token is cached."""
        return cost(price, self.prompt, 0, self.output)

    def with_prompt(self, prompt_tokens: int) -> Budget:
        """The same grant once the prompt's true length is known."""
        return replace(self, prompt=prompt_tokens)

    def grown(self, *, prompt_needed: int, output_used: int) -> Budget:
        """What answers a worker's request for more; equal to this one if nothing is missing."""
        output = self.output
        if not self.exhausted and output - output_used <= LOW_WATER:
            output += self.step
            if self.ceiling is not None:
                output = min(output, self.ceiling)
        return replace(self, prompt=max(self.prompt, prompt_needed), output=output)

    def within(self, price: Price, amount: int) -> Budget | None:
        """The part of this grant that `amount` pays for; None if that is no output token."""
        left = amount - cost(price, self.prompt, 0, 0)
        output = self.output if price.output == 0 else min(self.output, left // price.output)
        return replace(self, output=output) if left >= 0 and output > 0 else None
