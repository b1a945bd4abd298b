"""Rotary position embedding."""

from torch import Tensor


def rope(q: Tensor, k: Tensor, positions: Tensor, cos: Tensor, sin: Tensor) -> None:
    """Rotate queries and keys by their positions, in place.

    Semantics: with `c, s = cos[positions[t]], sin[positions[t]]` and a head split in half as
    `(a, b)`: `(a, b) = (a * c - b * s, b * c + a * s)`, in fp32, rounded once. This is the
    half-split ("neox") layout of Hugging Face checkpoints.
    Source: Su et al., "RoFormer" (2021).

    Args:
        q: [T, H, D]; a view into a wider buffer will do while a token's heads are contiguous.
        k: [T, Hkv, D], likewise.
        positions: int64 [T], each below P.
        cos: fp32 [P, D/2].
        sin: fp32 [P, D/2].
    """
    if q.is_cuda:
        from motet_kernels._triton.rope import rope_triton

        _check(q, k, positions, cos, sin)
        rope_triton(q, k, positions, cos, sin)
    else:
        rope_torch(q, k, positions, cos, sin)


def rope_torch(q: Tensor, k: Tensor, positions: Tensor, cos: Tensor, sin: Tensor) -> None:
    """The torch twin of `rope`."""
    _check(q, k, positions, cos, sin)
    c = cos[positions].unsqueeze(1)
    s = sin[positions].unsqueeze(1)
    half = cos.shape[1]
    for heads in (q, k):
        a = heads[..., :half].float()
        b = heads[..., half:].float()
        rotated_a = a * c - b * s
        rotated_b = b * c + a * s
        heads[..., :half] = rotated_a
        heads[..., half:] = rotated_b


def _check(q: Tensor, k: Tensor, positions: Tensor, cos: Tensor, sin: Tensor) -> None:
    tokens, dim = positions.shape[0], 2 * cos.shape[1]
    if q.shape[::2] != (tokens, dim) or k.shape[::2] != (tokens, dim) or sin.shape != cos.shape:
        raise ValueError(
            f"q {tuple(q.shape)}, k {tuple(k.shape)}, positions {tuple(positions.shape)} and "
            f"tables {tuple(cos.shape)}, {tuple(sin.shape)} do not fit together"
        )
    if not (q[:1].is_contiguous() and k[:1].is_contiguous()):
        raise ValueError("a token's heads must be contiguous")
    if not (cos.is_contiguous() and sin.is_contiguous()):
        raise ValueError("the tables must be contiguous")
