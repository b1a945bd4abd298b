"""A number that tells whether a slot still holds what was read from the adapter's files."""

from __future__ import annotations

import torch
from torch import Tensor

_INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32}


def checksum(tensor: Tensor) -> Tensor:
    """The sum of the elements' bit patterns, an int64 scalar on the tensor's device.

    Zeros add nothing, so a slot's sum is that of the weights it was filled from, whatever their
    rank. It finds what was overwritten or not written, not what was put in another order.
    """
    return tensor.view(_INTEGERS[tensor.element_size()]).sum(dtype=torch.int64)
