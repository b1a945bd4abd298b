"""What tokens cost. Pure: one integer product per kind of token, and no rounding anywhere.

A price in micro-USD per 1M tokens, times tokens, is picodollars: 1e-6 / 1e6 = 1e-12.
"""

from dataclasses import dataclass

from motet_billing.money import check_range, picodollars, usd

__all__ = ["Price", "cost", "picodollars", "usd"]


@dataclass(frozen=True, slots=True)
class Price:
    """One version of a base model's price, in micro-USD per 1M tokens."""

    version_id: int
    sku: str
    input: int
    cached_input: int
    output: int

    def __post_init__(self) -> None:
        if min(self.input, self.cached_input, self.output) < 0:
            raise ValueError(f"a price is never negative: {self}")


def cost(price: Price, prompt: int, cached: int, completion: int) -> int:
    """Picodollars for a request; `cached` prompt tokens are a part of `prompt`.

    ValueError for counts that cannot be, or a cost that no wallet could hold.
    """
    if not 0 <= cached <= prompt or completion < 0:
        raise ValueError(f"impossible counts: {prompt=} {cached=} {completion=}")
    return check_range(
        (prompt - cached) * price.input + cached * price.cached_input + completion * price.output
    )
