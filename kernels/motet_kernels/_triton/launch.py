"""What every launch asks of its surroundings."""

from functools import cache

import torch
import triton

# The interpreter reads bf16 as raw bits in products: kernels widen operands first where UP is set.
UP: bool = triton.knobs.runtime.interpret


def power_of_two(n: int) -> int:
    """The least power of two that is not below n."""
    return 1 << (n - 1).bit_length()


@cache
def multiprocessors(device: torch.device) -> int:
    """Streaming multiprocessors of the device; an H100's where there is no device to ask."""
    if device.type != "cuda":
        return 132
    return torch.cuda.get_device_properties(device).multi_processor_count
