"""Random numbers that depend on what is drawn and on nothing else.

A draw belongs to (seed, choice, position, token): no batch, device or preemption changes it. The
first three make a key, from which `motet_kernels.draw` draws for each token.
Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
"""

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


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
