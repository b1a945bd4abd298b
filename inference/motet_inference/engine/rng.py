"""Random numbers that depend on what is drawn and on nothing else.

A draw belongs to (seed, choice, position, token): no batch, device or preemption changes it.
Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014), whose
SplitMix64 is used here as a counter-based generator.
"""

import torch
from torch import Tensor

_GOLDEN = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB
_MASK = (1 << 64) - 1


def split_mix(state: int) -> int:
    """SplitMix64's output function, for a 64-bit state."""
    z = state & _MASK
    z = ((z ^ (z >> 30)) * _FIRST) & _MASK
    z = ((z ^ (z >> 27)) * _SECOND) & _MASK
    return z ^ (z >> 31)


def row_key(seed: int, choice: int, position: int) -> int:
    """The stream of one token's draws, as a signed 64-bit integer."""
    key = 0
    for part in (seed, choice, position):
        key = split_mix((key + _GOLDEN) ^ split_mix(part))
    return _signed(key)


def uniform(keys: Tensor, size: int) -> Tensor:
    """Draws in the open interval (0, 1): fp64 [R, size], 52 bits each, of keys int64 [R]."""
    counter = torch.arange(1, size + 1, dtype=torch.int64, device=keys.device)
    z = keys.unsqueeze(1) + counter * _signed(_GOLDEN)
    z = (z ^ _shift_right(z, 30)) * _signed(_FIRST)
    z = (z ^ _shift_right(z, 27)) * _signed(_SECOND)
    z = z ^ _shift_right(z, 31)
    return (_shift_right(z, 12).double() + 0.5) * 2.0**-52


def gumbel(keys: Tensor, size: int) -> Tensor:
    """Standard Gumbel noise, fp64 [R, size]: the argmax of logits plus noise is a softmax draw."""
    return uniform(keys, size).log_().neg_().log_().neg_()


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _shift_right(z: Tensor, bits: int) -> Tensor:
    """Logical, where torch's is arithmetic."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)
