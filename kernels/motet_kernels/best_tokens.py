"""The best token of each row, and whether the row can be trusted."""

import torch
from torch import Tensor


def best_tokens(logits: Tensor) -> Tensor:
    """Greedy sampling.

    Semantics: `[argmax(row), 1 if max(row) is finite else 0]` for each row; of equal values the
    first one's place. A NaN makes its row's maximum NaN.

    Args:
        logits: [R, V], contiguous columns.

    Returns:
        int64 [2, R].
    """
    if logits.is_cuda:
        from motet_kernels._triton.best_tokens import best_tokens_triton

        return best_tokens_triton(logits)
    return best_tokens_torch(logits)


def best_tokens_torch(logits: Tensor) -> Tensor:
    """The torch twin of `best_tokens`."""
    return torch.stack([logits.argmax(-1), logits.amax(-1).isfinite().long()])
