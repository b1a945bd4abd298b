# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-decorators, allow-untyped-calls
"""The step that decode and prefill share: absorb one tile of keys into a running softmax.

Source: Dao, "FlashAttention-2" (2023), over the pages of Kwon et al., "PagedAttention" (2023).
"""

import triton
import triton.language as tl

LOG2E = tl.constexpr(1.4426950408889634)


@triton.jit
def absorb(
    acc, peak, weight, q, position, at, end, k_cache, v_cache, table, kv_head, scale, softcap,
    KV_HEADS: tl.constexpr, D: tl.constexpr, PAGE: tl.constexpr, WINDOW: tl.constexpr,
    SOFTCAP: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_D: tl.constexpr, MASKED: tl.constexpr,
    UP: tl.constexpr,
):  # fmt: skip
    """Absorb the keys `at .. at + BLOCK_N - 1`, below `end`, for rows at `position`.

    (acc, peak, weight) are the weighted values, the largest score so far in units of log 2, and the
    sum of weights. With MASKED false, every row must see every key of the tile.
    """
    key = at + tl.arange(0, BLOCK_N)
    d = tl.arange(0, BLOCK_D)
    # What lies past the end is never loaded: it may be another sequence's, or NaN.
    page = tl.load(table + key // PAGE, mask=key < end, other=0).to(tl.int64)
    place = ((page * PAGE + key % PAGE) * KV_HEADS + kv_head) * D
    there = (key < end)[:, None] & (d < D)[None, :]
    k = tl.load(k_cache + place[:, None] + d[None, :], mask=there, other=0.0).to(q.dtype)
    v = tl.load(v_cache + place[:, None] + d[None, :], mask=there, other=0.0).to(q.dtype)
    if UP:
        k, v = k.to(tl.float32), v.to(tl.float32)
        score = tl.dot(q.to(tl.float32), tl.trans(k), input_precision="tf32x3") * scale
    else:
        score = tl.dot(q, tl.trans(k), input_precision="tf32x3") * scale
    if SOFTCAP:
        # tanh(x) = 2 sigmoid(2 x) - 1
        score = softcap * (2.0 * tl.sigmoid(2.0 * score / softcap) - 1.0)
    score = score * LOG2E
    if MASKED:
        seen = (key[None, :] <= position[:, None]) & (key < end)[None, :]
        if WINDOW > 0:
            seen = seen & (key[None, :] > position[:, None] - WINDOW)
        score = tl.where(seen, score, -float("inf"))
    higher = tl.maximum(peak, tl.max(score, 1))
    # A row that has seen nothing yet has no peak; zero keeps its weights at exp2(-inf) = 0.
    base = tl.where(higher == -float("inf"), 0.0, higher)
    p = tl.exp2(score - base[:, None])
    shrink = tl.exp2(peak - base)
    weight = weight * shrink + tl.sum(p, 1)
    acc = acc * shrink[:, None]
    p = p.to(q.dtype)
    if UP:
        p = p.to(tl.float32)
    acc = tl.dot(p, v, acc, input_precision="tf32x3")
    return acc, higher, weight
