"""The gates of the MLP: SwiGLU's, and the one of Gemma."""

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
        from motet_kernels._triton.gate import gate_triton

        return gate_triton(*_halves(x), gelu=False)
    return silu_mul_torch(x)


def silu_mul_torch(x: Tensor) -> Tensor:
    """The torch twin of `silu_mul`."""
    gate, up = _halves(x)
    return (torch.nn.functional.silu(gate.float()) * up.float()).to(x.dtype)


def gelu_mul(x: Tensor) -> Tensor:
    """Multiply the GELU of the first half of each row by its second half.

    Semantics: `out[t] = gelu(x[t, :F]) * x[t, F:]`, in fp32, rounded once, with the approximation
    `gelu(v) = v / 2 * (1 + tanh(sqrt(2 / pi) * (v + 0.044715 v**3)))`.
    Source: Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016).

    Args:
        x: [T, 2F], gate before up, as the merged projection writes them.

    Returns:
        [T, F], contiguous, of x's dtype.
    """
    if x.is_cuda:
        from motet_kernels._triton.gate import gate_triton

        return gate_triton(*_halves(x), gelu=True)
    return gelu_mul_torch(x)


def gelu_mul_torch(x: Tensor) -> Tensor:
    """The torch twin of `gelu_mul`."""
    gate, up = _halves(x)
    opened = torch.nn.functional.gelu(gate.float(), approximate="tanh")
    return (opened * up.float()).to(x.dtype)


def _halves(x: Tensor) -> tuple[Tensor, Tensor]:
    if x.ndim != 2 or x.shape[1] % 2:
        raise ValueError(f"a gate takes [T, 2F], not {tuple(x.shape)}")
    half = x.shape[1] // 2
    return x[:, :half], x[:, half:]
