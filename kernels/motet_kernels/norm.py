"""Root mean square normalisation, alone and with the residual addition before it."""

import torch
from torch import Tensor

from motet_kernels.product import Product


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Scale each row to unit root mean square, then by the weight.

    Semantics: `out = x / sqrt(mean(x * x) + eps) * weight`, in fp32, rounded once.
    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019).

    Args:
        x: [T, D], contiguous columns.
        weight: [D].
        eps: added to the mean square.

    Returns:
        [T, D] of x's dtype, contiguous.
    """
    _check(x, weight)
    if x.is_cuda:
        from motet_kernels._triton.norm import rms_norm_triton

        return rms_norm_triton(x, weight, eps)
    return rms_norm_torch(x, weight, eps)


def rms_norm_torch(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """The torch twin of `rms_norm`."""
    _check(x, weight)
    wide = x.float()
    scale = torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps)
    return (wide * scale * weight.float()).to(x.dtype).contiguous()


def add_rms_norm(x: Product, residual: Tensor, weight: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """Add a projection's output to the residual, and normalise the sum.

    Semantics: `total = x + residual; return rms_norm(total, weight, eps), total`. The sum, in fp32,
    is rounded to x's dtype before it is normalised, so that both results agree with one another.

    Args:
        x: [T, D].
        residual: [T, D] of x's dtype, contiguous columns.
        weight: [D].
        eps: added to the mean square.

    Returns:
        (normalised, total), both [T, D] of x's dtype; neither argument is written to.
    """
    _check_residual(x, residual, weight)
    if residual.is_cuda:
        from motet_kernels._triton.norm import add_rms_norm_triton

        return add_rms_norm_triton(x, residual, weight, eps)
    return add_rms_norm_torch(x, residual, weight, eps)


def add_rms_norm_torch(
    x: Product, residual: Tensor, weight: Tensor, eps: float
) -> tuple[Tensor, Tensor]:
    """The torch twin of `add_rms_norm`."""
    _check_residual(x, residual, weight)
    total = (x.dense() + residual).to(x.dtype)
    return rms_norm_torch(total, weight, eps), total


def _check(x: Tensor, weight: Tensor) -> None:
    if x.ndim != 2 or weight.shape != x.shape[1:]:
        raise ValueError(f"weight {tuple(weight.shape)} does not fit rows of {tuple(x.shape)}")
    if x.stride(1) != 1:
        raise ValueError("rows must have contiguous columns")


def _check_residual(x: Product, residual: Tensor, weight: Tensor) -> None:
    if tuple(residual.shape) != x.shape or residual.dtype != x.dtype:
        raise ValueError(
            f"residual {tuple(residual.shape)} {residual.dtype} is not like x {x.shape} {x.dtype}"
        )
    _check(residual, weight)
