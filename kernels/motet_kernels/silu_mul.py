"""The gate of a SwiGLU block."""

import torch
from torch import Tensor


def silu_mul(x: Tensor) -> Tensor:
    """Multiply the SiLU of the first half of each row by its second half.

    Semantics: `out[t] = silu(x[t, :F]) * x[t, F:]`, in fp32, rounded once.

    Args:
        x: [T, 2F], gate before up, as the merged projection writes them.

    Returns:
        [T, F], contiguous, of x's dtype.
    """
    if x.is_cuda:
        from motet_kernels._triton.silu_mul import silu_mul_triton

        return silu_mul_triton(*_halves(x))
    return silu_mul_torch(x)


def silu_mul_torch(x: Tensor) -> Tensor:
    """The torch twin of `silu_mul`."""
    gate, up = _halves(x)
    return (torch.nn.functional.silu(gate.float()) * up.float()).to(x.dtype)


def _halves(x: Tensor) -> tuple[Tensor, Tensor]:
    if x.ndim != 2 or x.shape[1] % 2:
        raise ValueError(f"silu_mul takes [T, 2F], not {tuple(x.shape)}")
    half = x.shape[1] // 2
    return x[:, :half], x[:, half:]
