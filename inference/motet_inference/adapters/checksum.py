"""A number that tells whether a slot still holds what was read from the adapter's files."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

_INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32}


def checksum(tensor: Tensor) -> Tensor:
    """The sum of the elements' bit patterns, an int64 scalar on the tensor's device.

    Zeros add nothing, so a slot's sum is that of the weights it was filled from, whatever their
    rank. It finds what was overwritten or not written, not what was put in another order.
    """
    bits = tensor.view(_INTEGERS[tensor.element_size()])
    if bits.is_cuda:
        return bits.sum(dtype=torch.int64)
    # On the host torch converts element by element: 207 ms where numpy takes 14 for 84 MB of bf16.
    return torch.tensor(np.add.reduce(bits.numpy(), axis=None, dtype=np.int64))
