"""The gates of the MLP: SwiGLU's, and the one of Gemma."""

import torch
from torch import Tensor

from motet_kernels.product import Product


def silu_mul(x: Product) -> Tensor:
    """Multiply the SiLU of the first half of each row by its second half.

    Semantics: `out[t] = silu(x[t, :F]) * x[t, F:]`, in fp32, rounded once.

    Args:
        x: [T, 2F], gate before up, as the merged projection makes them.

    Returns:
        [T, F], contiguous, of x's dtype.
    """
    _check(x)
    if x.parts.is_cuda:
        from motet_kernels._triton.gate import gate_triton

        return gate_triton(x, gelu=False)
    return silu_mul_torch(x)


def silu_mul_torch(x: Product) -> Tensor:
    """The torch twin of `silu_mul`."""
    _check(x)
    gate, up = x.dense().chunk(2, 1)
    return (torch.nn.functional.silu(gate) * up).to(x.dtype)


def gelu_mul(x: Product) -> Tensor:
    """Multiply the GELU of the first half of each row by its second half.

    Semantics: `out[t] = gelu(x[t, :F]) * x[t, F:]`, in fp32, rounded once, with the approximation
    `gelu(v) = v / 2 * (1 + tanh(sqrt(2 / pi) * (v + 0.044715 v**3)))`.
    Source: Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016).

    Args:
        x: [T, 2F], gate before up, as the merged projection makes them.

    Returns:
        [T, F], contiguous, of x's dtype.
    """
    _check(x)
    if x.parts.is_cuda:
        from motet_kernels._triton.gate import gate_triton

        return gate_triton(x, gelu=True)
    return gelu_mul_torch(x)


def gelu_mul_torch(x: Product) -> Tensor:
    """The torch twin of `gelu_mul`."""
    _check(x)
    gate, up = x.dense().chunk(2, 1)
    return (torch.nn.functional.gelu(gate, approximate="tanh") * up).to(x.dtype)


def _check(x: Product) -> None:
    width = x.shape[1]
    if width % 2 or (x.low is not None and x.low.slices != (width // 2, width // 2)):
        raise ValueError(f"a gate takes two halves [T, 2F], not {x.shape}")
