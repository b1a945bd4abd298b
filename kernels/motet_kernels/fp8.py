"""A linear layer over weights in eight bits, and the rounding to them."""

import torch
from torch import Tensor

FP8 = torch.float8_e4m3fn
# The largest finite value of e4m3.
LARGEST = 448.0


def to_fp8(x: Tensor) -> tuple[Tensor, Tensor]:
    """Round each row to e4m3, with a scale that puts its largest magnitude at 448.

    Semantics: `scale[t] = max(|x[t]|) / 448`, 1 for a row of zeros; `q[t] = round(x[t] / scale[t])`
    to the nearest e4m3, ties to even; in fp32. So `q * scale` is x up to a relative error of 2**-4,
    below 2**-15 of the row's largest value up to an absolute one. A row that holds NaN does not
    come out finite.
    Source: Micikevicius et al., "FP8 Formats for Deep Learning" (2022).

    Args:
        x: [T, K], contiguous columns.

    Returns:
        (q float8_e4m3fn [T, K], contiguous; scale fp32 [T]).
    """
    if x.is_cuda:
        from motet_kernels._triton.fp8 import to_fp8_triton

        return to_fp8_triton(x)
    return to_fp8_torch(x)


def to_fp8_torch(x: Tensor) -> tuple[Tensor, Tensor]:
    """The torch twin of `to_fp8`."""
    wide = x.float()
    scale = wide.abs().amax(-1) / LARGEST
    scale = torch.where(scale > 0, scale, 1.0)
    # A subnormal scale can carry the largest value past 448, which e4m3 would make NaN.
    scaled = (wide / scale.unsqueeze(-1)).clamp(-LARGEST, LARGEST)
    return scaled.to(FP8), scale


def fp8_linear(x: Tensor, weight: Tensor, scale: Tensor, bias: Tensor | None) -> Tensor:
    """`x @ w^T + bias` with w in e4m3, and x rounded to it on the way.

    Semantics: with `q, s = to_fp8(x)`: `y[t, n] = s[t] * scale[n] * (q[t] @ weight[n])`, summed in
    fp32, rounded to x's dtype; then the bias is added.

    Args:
        x: [T, K], contiguous columns; bfloat16 on a CUDA device, which must be of compute
            capability 9.0 or more.
        weight: float8_e4m3fn [N, K], contiguous; N and K multiples of 16.
        scale: fp32 [N].
        bias: [N] of x's dtype, or None.

    Returns:
        [T, N] of x's dtype.
    """
    _check(x, weight, scale)
    if not x.is_cuda:
        return fp8_linear_torch(x, weight, scale, bias)
    q, rows = to_fp8(x)
    y = torch._scaled_mm(
        q,
        weight.t(),
        scale_a=rows.unsqueeze(1),
        scale_b=scale.unsqueeze(0),
        out_dtype=x.dtype,
        use_fast_accum=False,  # the tensor cores' own sums have fewer digits than fp32
    )
    return y if bias is None else y + bias


def fp8_linear_torch(x: Tensor, weight: Tensor, scale: Tensor, bias: Tensor | None) -> Tensor:
    """The torch twin of `fp8_linear`: the same values, multiplied in fp32."""
    _check(x, weight, scale)
    q, rows = to_fp8_torch(x)
    wide = torch.nn.functional.linear(q.float(), weight.float())
    y = (wide * rows.unsqueeze(1) * scale).to(x.dtype)
    return y if bias is None else y + bias


def _check(x: Tensor, weight: Tensor, scale: Tensor) -> None:
    if weight.dtype != FP8 or scale.dtype != torch.float32:
        raise ValueError(f"weight and scale are {weight.dtype} and {scale.dtype}")
    if x.ndim != 2 or x.shape[1:] != weight.shape[1:] or scale.shape != weight.shape[:1]:
        raise ValueError(
            f"x {tuple(x.shape)}, weight {tuple(weight.shape)} and scale {tuple(scale.shape)} do "
            "not fit together"
        )
    if weight.shape[0] % 16 or weight.shape[1] % 16:
        raise ValueError(f"the sides of a weight must be multiples of 16: {tuple(weight.shape)}")
    if not weight.is_contiguous():
        raise ValueError("the weight must be contiguous")
    if x.is_cuda and x.dtype != torch.bfloat16:
        raise ValueError(f"on a CUDA device x must be bfloat16, not {x.dtype}")
