"""Root mean square normalisation, alone and with the residual addition before it."""

import torch
from torch import Tensor


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Scale each row to unit root mean square, then by the weight.

    Semantics: `out = x / sqrt(mean(x * x) + eps) * weight`, in fp32, rounded once.
    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019).

    Args:
        x: [..., D].
        weight: [D].
        eps: added to the mean square.

    Returns:
        The shape and dtype of x, contiguous.
    """
    if x.is_cuda:
        from motet_kernels._triton.norm import rms_norm_triton

        _check(x, weight)
        return rms_norm_triton(x, weight, eps)[0]
    return rms_norm_torch(x, weight, eps)


def rms_norm_torch(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """The torch twin of `rms_norm`."""
    _check(x, weight)
    wide = x.float()
    scale = torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps)
    return (wide * scale * weight.float()).to(x.dtype).contiguous()


def add_rms_norm(x: Tensor, residual: Tensor, weight: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """Add the residual, and normalise the sum.

    Semantics: `total = x + residual; return rms_norm(total, weight, eps), total`. The sum is
    rounded to x's dtype before it is normalised, so that both results agree with one another.

    Args:
        x: [..., D].
        residual: as x.
        weight: [D].
        eps: added to the mean square.

    Returns:
        (normalised, total), both of x's shape and dtype; neither argument is written to.
    """
    if x.is_cuda:
        from motet_kernels._triton.norm import rms_norm_triton

        _check(x, weight)
        _check_residual(x, residual)
        return rms_norm_triton(x, weight, eps, residual)
    return add_rms_norm_torch(x, residual, weight, eps)


def add_rms_norm_torch(
    x: Tensor, residual: Tensor, weight: Tensor, eps: float
) -> tuple[Tensor, Tensor]:
    """The torch twin of `add_rms_norm`."""
    _check_residual(x, residual)
    total = x + residual
    return rms_norm_torch(total, weight, eps), total


def _check(x: Tensor, weight: Tensor) -> None:
    if weight.shape != x.shape[-1:]:
        raise ValueError(f"weight {tuple(weight.shape)} does not fit rows of {tuple(x.shape)}")


def _check_residual(x: Tensor, residual: Tensor) -> None:
    if residual.shape != x.shape or residual.dtype != x.dtype:
        raise ValueError(
            f"residual {tuple(residual.shape)} {residual.dtype} is not like "
            f"x {tuple(x.shape)} {x.dtype}"
        )
