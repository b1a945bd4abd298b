"""Attention over the paged cache: decode rows and prefill chunks in one batch."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class AttentionBatch:
    """Which rows of a step belong to which sequence, and where their keys and values lie.

    Attributes:
        query_start: int32 [B+1]; sequence b owns the rows `query_start[b]:query_start[b+1]`, the
            last of its positions in order. Rows past `query_start[B]` are padding.
        kv_len: int32 [B], the sequence's length in the cache, this step's tokens included; never
            less than its rows.
        block_tables: int32 [B, M]; position p of sequence b lies in block
            `block_tables[b, p // bs]`. Entries beyond the length are never read.
        max_query: most rows of a sequence, or an upper bound.
        max_kv: longest sequence, or an upper bound.
    """

    query_start: Tensor
    kv_len: Tensor
    block_tables: Tensor
    max_query: int
    max_kv: int


def paged_attention(
    q: Tensor,
    k_cache: Tensor,
    v_cache: Tensor,
    batch: AttentionBatch,
    *,
    scale: float,
    window: int | None = None,
    softcap: float | None = None,
) -> Tensor:
    """Causal attention of each row over its own sequence, with grouped heads.

    Semantics: for the row at position p, `w = softmax(cap(scale * q @ K^T))` over the positions
    `max(0, p - window + 1) .. p`, `out = w @ V`, with `cap(x) = softcap * tanh(x / softcap)` where
    a softcap is given. Head h reads key-value head `h // (H / Hkv)`. Accumulates in fp32. What the
    cache holds outside the sequences, NaN included, has no influence.

    Args:
        q: [T, H, D]; a view into a wider buffer will do while a token's heads are contiguous.
        k_cache: [N, bs, Hkv, D], contiguous, with this step's tokens already stored.
        v_cache: as k_cache.
        batch: the sequences.
        scale: factor on the scores, commonly `D ** -0.5`.
        window: the last so many positions, the row's own included; None for all.
        softcap: bound on the scores; None for none.

    Returns:
        [T, H, D] of q's dtype, contiguous; padding rows are undefined.
    """
    if q.is_cuda:
        from motet_kernels._triton.attention import paged_attention_triton

        _check(q, k_cache, v_cache, window, softcap)
        return paged_attention_triton(
            q, k_cache, v_cache, batch, scale=scale, window=window, softcap=softcap
        )
    return paged_attention_torch(
        q, k_cache, v_cache, batch, scale=scale, window=window, softcap=softcap
    )


def paged_attention_torch(
    q: Tensor,
    k_cache: Tensor,
    v_cache: Tensor,
    batch: AttentionBatch,
    *,
    scale: float,
    window: int | None = None,
    softcap: float | None = None,
) -> Tensor:
    """The torch twin of `paged_attention`: decode rows gathered together."""
    _check(q, k_cache, v_cache, window, softcap)
    out = torch.zeros(q.shape, dtype=q.dtype, device=q.device)
    starts: list[int] = batch.query_start.tolist()
    lengths: list[int] = batch.kv_len.tolist()
    for rows, members in _groups(starts, lengths):
        kv_len = max(lengths[b] for b in members)
        low = 0
        if window is not None:
            low = max(0, min(lengths[b] for b in members) - rows + 1 - window)
        blocks = slice(low // k_cache.shape[1], -(-kv_len // k_cache.shape[1]))
        member = torch.tensor(members, device=q.device)
        table = batch.block_tables[member, blocks]
        last = batch.kv_len[member].unsqueeze(1) - 1
        position = last - torch.arange(rows - 1, -1, -1, device=q.device)
        row = torch.tensor([starts[b] for b in members], device=q.device)
        row = row.unsqueeze(1) + torch.arange(rows, device=q.device)
        k, v, visible = _gather(k_cache, v_cache, table, blocks.start, position, window)
        out[row] = _attend(q[row], k, v, visible, scale, softcap).to(q.dtype)
    return out


def _groups(starts: list[int], lengths: list[int]) -> list[tuple[int, list[int]]]:
    """Rows each, and the sequences to compute at once: alone in prefill, of like length in decode.

    Lengths within a factor of two share a gather, so that one long sequence pads no short one.
    """
    groups: list[tuple[int, list[int]]] = []
    decodes: dict[int, list[int]] = {}
    for b, length in enumerate(lengths):
        rows = starts[b + 1] - starts[b]
        if rows == 1:
            decodes.setdefault(max(6, length.bit_length()), []).append(b)
        elif rows > 1:
            groups.append((rows, [b]))
    return groups + [(1, members) for members in decodes.values()]


def _gather(
    k_cache: Tensor,
    v_cache: Tensor,
    table: Tensor,
    first_block: int,
    position: Tensor,
    window: int | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Keys and values [n, L, Hkv, D] in fp32, and which of them each row sees [n, rows, L]."""
    size = k_cache.shape[1]
    n, length = table.shape[0], table.shape[1] * size
    key_position = first_block * size + torch.arange(length, device=table.device)
    row_position = position.unsqueeze(-1)
    visible = key_position <= row_position
    if window is not None:
        visible &= key_position > row_position - window
    seen = visible.any(1)
    # Entries beyond a sequence's length may be anything; block 0 stands in, and is not seen.
    blocks = torch.where(seen.view(n, -1, size).any(2), table, 0).view(-1)
    k, v = (
        cache.index_select(0, blocks).view(n, length, *cache.shape[2:]).float()
        for cache in (k_cache, v_cache)
    )
    # A weight of zero times NaN is NaN: what no row sees must not enter the sum, since a freed
    # block may hold another sequence's NaN.
    unseen = torch.nonzero(~seen, as_tuple=True)
    k[unseen] = 0.0
    v[unseen] = 0.0
    return k, v, visible


def _attend(
    q: Tensor, k: Tensor, v: Tensor, visible: Tensor, scale: float, softcap: float | None
) -> Tensor:
    """q [n, rows, H, D] over k, v [n, L, Hkv, D], in fp32."""
    q, k, v = (t.float().transpose(1, 2) for t in (q, k, v))
    mask = visible.unsqueeze(1)
    if softcap is None:
        out = torch.nn.functional.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, scale=scale, enable_gqa=True
        )
        return out.transpose(1, 2)
    k, v = (t.repeat_interleave(q.shape[1] // t.shape[1], 1) for t in (k, v))
    scores = softcap * torch.tanh(q @ k.transpose(2, 3) * (scale / softcap))
    weights = torch.softmax(scores.masked_fill_(~mask, float("-inf")), -1)
    return (weights @ v).transpose(1, 2)


def _check(
    q: Tensor, k_cache: Tensor, v_cache: Tensor, window: int | None, softcap: float | None
) -> None:
    if k_cache.shape != v_cache.shape or q.shape[2] != k_cache.shape[3]:
        raise ValueError(
            f"q {tuple(q.shape)} does not fit caches {tuple(k_cache.shape)}, {tuple(v_cache.shape)}"
        )
    if q.shape[1] % k_cache.shape[2]:
        raise ValueError(f"{q.shape[1]} heads do not divide over {k_cache.shape[2]} kv heads")
    if not q[:1].is_contiguous():
        raise ValueError("a token's heads must be contiguous")
    if not (k_cache.is_contiguous() and v_cache.is_contiguous()):
        raise ValueError("the caches must be contiguous")
    if window is not None and window < 1:
        raise ValueError(f"window must be at least 1, not {window}")
    if softcap is not None and softcap <= 0:
        raise ValueError(f"softcap must be positive, not {softcap}")
