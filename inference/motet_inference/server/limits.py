"""How much one request may ask for, whoever let it through before."""

from __future__ import annotations

from dataclasses import dataclass

MAX_CHOICES = 16
MAX_MESSAGES = 2_048
MAX_STOPS = 4
MAX_STOP_CHARS = 256
MAX_STOP_TOKENS = 64
MAX_LOGPROBS = 20
MAX_BIASES = 1_024
MAX_BIAS = 100.0
MAX_WEIGHT = 1_000
MAX_BUDGET = 1 << 53
# Below this, sampling cannot be told from greedy, and dividing by it leaves the range of a float.
MIN_TEMPERATURE = 1e-4


@dataclass(frozen=True)
class Limits:
    """What depends on the base and on the worker's size.

    max_bytes: a prompt of more bytes than this cannot fit the context.
    """

    model: str
    vocab_size: int
    max_context: int
    max_rank: int
    max_batch: int
    max_bytes: int
