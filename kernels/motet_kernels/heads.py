"""From the merged query, key and value projection to queries that attend and a cache that holds."""

import torch
from torch import Tensor

from motet_kernels.product import Product


def place_heads(
    qkv: Product,
    positions: Tensor,
    tables: tuple[Tensor, Tensor],
    caches: tuple[Tensor, Tensor],
    places: Tensor,
    *,
    norms: tuple[Tensor, Tensor] | None = None,
    eps: float = 0.0,
) -> Tensor:
    """Rotate queries and keys by their positions, and write keys and values into the paged cache.

    Semantics, in fp32 and rounded once: queries and keys are first normalised head by head as
    `rms_norm` does, where norms are given. With `c, s = cos[positions[t]], sin[positions[t]]` and a
    head split in half as `(a, b)`: `(a, b) = (a * c - b * s, b * c + a * s)`, the half-split
    ("neox") layout of Hugging Face checkpoints. Then `k_cache[place // bs, place % bs] = k[t]` with
    `place = places[t]`, and the same for v; a negative place is padding and writes nothing.
    Sources: Su et al., "RoFormer" (2021); Kwon et al., "PagedAttention" (2023).

    Args:
        qkv: [T, (H + 2 Hkv) * D], all queries, then all keys, then all values.
        positions: int64 [T], each below P.
        tables: cos and sin, fp32 [P, D/2], contiguous.
        caches: of keys and of values, [N, bs, Hkv, D], contiguous, written to.
        places: int64 [T], `block * bs + offset`; no place twice.
        norms: weights [D] of the queries' norm and of the keys', of one dtype.
        eps: of the norms.

    Returns:
        The queries [T, H, D], contiguous, of qkv's dtype.

    Raises:
        ValueError: shapes or strides that do not fit together.
    """
    _check(qkv, positions, tables, caches, places, norms)
    if qkv.parts.is_cuda:
        from motet_kernels._triton.heads import place_heads_triton

        return place_heads_triton(qkv, positions, tables, caches, places, norms=norms, eps=eps)
    return place_heads_torch(qkv, positions, tables, caches, places, norms=norms, eps=eps)


def place_heads_torch(
    qkv: Product,
    positions: Tensor,
    tables: tuple[Tensor, Tensor],
    caches: tuple[Tensor, Tensor],
    places: Tensor,
    *,
    norms: tuple[Tensor, Tensor] | None = None,
    eps: float = 0.0,
) -> Tensor:
    """The torch twin of `place_heads`."""
    _check(qkv, positions, tables, caches, places, norms)
    kv_heads, dim = caches[0].shape[2:]
    heads = qkv.dense().view(len(places), -1, dim)
    q, k, v = torch.split(heads, [heads.shape[1] - 2 * kv_heads, kv_heads, kv_heads], 1)
    if norms is not None:
        q, k = _normed(q, norms[0], eps), _normed(k, norms[1], eps)
    cos, sin = (table[positions].unsqueeze(1) for table in tables)
    q, k = _rotated(q, cos, sin), _rotated(k, cos, sin)
    real = places >= 0
    if not bool(real.all()):
        k, v, places = k[real], v[real], places[real]
    for new, cache in zip((k, v), caches, strict=True):
        cache.view(-1, kv_heads, dim).index_copy_(0, places, new.to(cache.dtype))
    return q.to(qkv.dtype)


def _normed(heads: Tensor, weight: Tensor, eps: float) -> Tensor:
    scale = torch.rsqrt(heads.square().mean(-1, keepdim=True) + eps)
    return heads * scale * weight.float()


def _rotated(heads: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = heads.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def _check(
    qkv: Product,
    positions: Tensor,
    tables: tuple[Tensor, Tensor],
    caches: tuple[Tensor, Tensor],
    places: Tensor,
    norms: tuple[Tensor, Tensor] | None,
) -> None:
    tokens, width = qkv.shape
    kv_heads, dim = caches[0].shape[2:]
    queries = width - 2 * kv_heads * dim
    if (
        positions.shape != (tokens,)
        or places.shape != (tokens,)
        or caches[1].shape != caches[0].shape
        or any(table.shape != (tables[0].shape[0], dim // 2) for table in tables)
        or (norms is not None and not norms[0].shape == norms[1].shape == (dim,))
        or (norms is not None and norms[0].dtype != norms[1].dtype)
        or dim % 2
        or queries <= 0
        or queries % dim
        or (qkv.low is not None and qkv.low.slices != (queries, kv_heads * dim, kv_heads * dim))
    ):
        raise ValueError(
            f"qkv {qkv.shape}, positions {tuple(positions.shape)}, tables "
            f"{[tuple(t.shape) for t in tables]}, caches {[tuple(c.shape) for c in caches]} and "
            f"places {tuple(places.shape)} do not fit together"
        )
    if not all(t.is_contiguous() for t in (*tables, *caches)):
        raise ValueError("the tables and the caches must be contiguous")
