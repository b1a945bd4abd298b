# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""What every launch asks of its surroundings.

From compute capability 9.0 on, a kernel may be launched while the one before it still runs
("programmatic dependent launch"). `started` tells the next kernel that it may come, and `ready`
waits until all that came before has been written. In front of `ready` a kernel may read only what
no kernel of a step writes: weights, adapters, and the batch's own tables. A step of an 8B model has
some 350 kernels, and between two of them a device is idle for a microsecond otherwise.
"""

from functools import cache

import torch
import triton
import triton.language as tl
from triton.language.extra import cuda

# The interpreter reads bf16 as raw bits in products: kernels widen operands first where UP is set.
UP: bool = triton.knobs.runtime.interpret


@triton.jit
def started(EARLY: tl.constexpr):
    if EARLY:
        cuda.gdc_launch_dependents()


@triton.jit
def ready(EARLY: tl.constexpr):
    if EARLY:
        cuda.gdc_wait()


@triton.jit
def prefetch(pointers, EARLY: tl.constexpr):
    """Bring the lines that hold these addresses into the L2 cache; all must be valid."""
    if EARLY:
        tl.inline_asm_elementwise(
            "prefetch.global.L2 [$1]; mov.u32 $0, 0;", "=r,l", [pointers],
            dtype=tl.int32, is_pure=False, pack=1,
        )  # fmt: skip


def power_of_two(n: int) -> int:
    """The least power of two that is not below n."""
    return 1 << (n - 1).bit_length()


@cache
def multiprocessors(device: torch.device) -> int:
    """Streaming multiprocessors of the device; an H100's where there is no device to ask."""
    if device.type != "cuda":
        return 132
    return torch.cuda.get_device_properties(device).multi_processor_count


@cache
def early(device: torch.device) -> dict[str, bool]:
    """Options of a kernel that is launched early, where the device can; as on an H100 where there
    is no device to ask."""
    able = not UP
    if able and device.type == "cuda":
        able = torch.cuda.get_device_capability(device) >= (9, 0)
    return {"EARLY": able, "launch_pdl": able}
