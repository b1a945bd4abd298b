"""What tests and benchmarks of the kernels share: tolerances, and who uses which adapter."""

from typing import Literal, get_args

import torch
from torch import Tensor

Popularity = Literal["distinct", "uniform", "zipf", "identical", "skewed", "none"]
POPULARITIES: tuple[Popularity, ...] = get_args(Popularity)

# (relative, absolute), for results of order one. Half precision allows one rounding of the result
# and one of an intermediate: 2 ** -8 each for bfloat16, 2 ** -11 for float16.
TOLERANCE: dict[torch.dtype, tuple[float, float]] = {
    torch.float32: (1e-5, 1e-5),
    torch.float16: (2e-3, 2e-3),
    torch.bfloat16: (1.6e-2, 1.6e-2),
}


def assert_close(actual: Tensor, expected: Tensor) -> None:
    """Compare within the tolerance of the actual result's dtype; the expected one may be wider."""
    relative, absolute = TOLERANCE[actual.dtype]
    torch.testing.assert_close(
        actual.double(), expected.double(), rtol=relative, atol=absolute, check_device=False
    )


def popular(pattern: Popularity, tokens: int, slots: int, *, seed: int = 0) -> list[int]:
    """Assign a slot, or -1 for none, to each token.

    Args:
        pattern: `distinct` gives neighbouring tokens different slots, `uniform` draws them evenly,
            `zipf` with weight 1/rank, `identical` gives all the same, `skewed` gives half the
            tokens one slot, a quarter none, and draws the rest, `none` gives no adapter at all.
        tokens: how many tokens.
        slots: how many slots.
        seed: of the draws.
    """
    generator = torch.Generator().manual_seed(seed)
    if pattern == "distinct":
        return [t % slots for t in range(tokens)]
    if pattern == "identical":
        return [slots - 1] * tokens
    if pattern == "none":
        return [-1] * tokens
    weight = torch.ones(slots)
    if pattern == "zipf":
        weight /= torch.arange(1, slots + 1)
    drawn: list[int] = torch.multinomial(
        weight, tokens, replacement=True, generator=generator
    ).tolist()
    if pattern == "skewed":
        kinds = torch.randint(0, 4, (tokens,), generator=generator).tolist()
        return [
            0 if kind < 2 else -1 if kind == 2 else d for kind, d in zip(kinds, drawn, strict=True)
        ]
    return drawn
