"""Tokens drawn from a softmax, each by a stream of random numbers of its own.

Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014), whose
SplitMix64 is used here as a counter-based generator.
"""

import torch
from torch import Tensor

_GOLDEN = 0x9E3779B97F4A7C15 - (1 << 64)
_FIRST = 0xBF58476D1CE4E5B9 - (1 << 64)
_SECOND = 0x94D049BB133111EB - (1 << 64)


def draw_tokens(logits: Tensor, temperature: Tensor, keys: Tensor) -> Tensor:
    """Sample from each row's softmax, by the Gumbel-max trick.

    Semantics: `[argmax_v(logits[r, v] / temperature[r] + gumbel(keys[r])[v]), finite]`, with the
    quotient in fp32 and the sum in fp64; a row of temperature 0 takes its best token. Of equal
    values the first one's place; `finite` as `best_tokens` has it. What a row draws depends on its
    logits, its key and its temperature alone.

    Args:
        logits: [R, V], contiguous columns.
        temperature: fp32 [R], not negative.
        keys: int64 [R].

    Returns:
        int64 [2, R].
    """
    _check(logits, temperature, keys)
    if logits.is_cuda:
        from motet_kernels._triton.draw import draw_tokens_triton

        return draw_tokens_triton(logits, temperature, keys)
    return draw_tokens_torch(logits, temperature, keys)


def draw_tokens_torch(logits: Tensor, temperature: Tensor, keys: Tensor) -> Tensor:
    """The torch twin of `draw_tokens`."""
    _check(logits, temperature, keys)
    raw = logits.float()
    tokens = raw.argmax(-1)
    drawn = temperature > 0
    scores = (raw[drawn] / temperature[drawn].unsqueeze(1)).double()
    tokens[drawn] = (scores + gumbel(keys[drawn], raw.shape[1])).argmax(-1)
    return torch.stack([tokens, raw.amax(-1).isfinite().long()])


def gumbel(keys: Tensor, size: int) -> Tensor:
    """Standard Gumbel noise, fp64 [R, size]: the argmax of logits plus noise is a softmax draw."""
    return uniform(keys, size).log_().neg_().log_().neg_()


def uniform(keys: Tensor, size: int) -> Tensor:
    """Draws in the open interval (0, 1): fp64 [R, size], 52 bits each, of keys int64 [R]."""
    counter = torch.arange(1, size + 1, dtype=torch.int64, device=keys.device)
    z = keys.unsqueeze(1) + counter * _GOLDEN
    z = (z ^ _shift_right(z, 30)) * _FIRST
    z = (z ^ _shift_right(z, 27)) * _SECOND
    z = z ^ _shift_right(z, 31)
    return (_shift_right(z, 12).double() + 0.5) * 2.0**-52


def _shift_right(z: Tensor, bits: int) -> Tensor:
    """Logical, where torch's is arithmetic."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def _check(logits: Tensor, temperature: Tensor, keys: Tensor) -> None:
    if logits.ndim != 2 or temperature.shape != logits.shape[:1] or keys.shape != logits.shape[:1]:
        raise ValueError(
            f"logits {tuple(logits.shape)}, temperature {tuple(temperature.shape)} and keys "
            f"{tuple(keys.shape)} do not fit together"
        )
    if temperature.dtype != torch.float32 or keys.dtype != torch.int64:
        raise ValueError(f"temperature and keys are {temperature.dtype} and {keys.dtype}")
    if logits.stride(-1) != 1 or not (temperature.is_contiguous() and keys.is_contiguous()):
        raise ValueError("columns, temperature and keys must be contiguous")
