"""Small tensors from the host to the device, together."""

from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor

# Each tensor begins at a multiple of so many bytes, as vector loads want it.
_ALIGN = 16


def send(tensors: Sequence[Tensor], device: torch.device | str) -> list[Tensor]:
    """Copy host tensors of any dtype and shape to a device, in one transfer.

    On CUDA the host does not wait: `torch.tensor(..., device="cuda")` does, for all that was
    launched before, which would keep it from launching the next step behind the one under way.
    """
    if torch.device(device).type == "cpu":
        return list(tensors)
    cuda = torch.device(device).type == "cuda"
    return unpack(pack(tensors, pin=cuda).to(device, non_blocking=True), tensors)


def pack(tensors: Sequence[Tensor], *, pin: bool = False) -> Tensor:
    """The tensors' bytes in one uint8 tensor."""
    starts = _starts(tensors)
    packed = torch.empty(starts[-1], dtype=torch.uint8, pin_memory=pin)
    for tensor, start in zip(tensors, starts, strict=False):
        packed[start : start + tensor.nbytes] = tensor.contiguous().view(-1).view(torch.uint8)
    return packed


def unpack(packed: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """Views into what `pack` made of tensors like these."""
    starts = _starts(like)
    return [
        packed[start : start + tensor.nbytes].view(tensor.dtype).view(tensor.shape)
        for tensor, start in zip(like, starts, strict=False)
    ]


def _starts(tensors: Sequence[Tensor]) -> list[int]:
    sizes = (-(-tensor.nbytes // _ALIGN) * _ALIGN for tensor in tensors)
    return list(accumulate(sizes, initial=0))
