"""Writing a step's keys and values into the paged cache."""

from torch import Tensor


def store_kv(k: Tensor, v: Tensor, k_cache: Tensor, v_cache: Tensor, slot_mapping: Tensor) -> None:
    """Write each token's key and value into its place in the cache.

    Semantics: `k_cache[slot // bs, slot % bs] = k[t]` with `slot = slot_mapping[t]`, and the same
    for v; a negative slot is padding and writes nothing.

    Args:
        k: [T, Hkv, D]; a view into a wider buffer will do while a token's heads are contiguous.
        v: as k.
        k_cache: [N, bs, Hkv, D], contiguous, written to.
        v_cache: as k_cache.
        slot_mapping: int64 [T], `block * bs + offset`; no slot twice.
    """
    if k.is_cuda:
        from motet_kernels._triton.kv_store import store_kv_triton

        _check(k, v, k_cache, v_cache, slot_mapping)
        store_kv_triton(k, v, k_cache, v_cache, slot_mapping)
    else:
        store_kv_torch(k, v, k_cache, v_cache, slot_mapping)


def store_kv_torch(
    k: Tensor, v: Tensor, k_cache: Tensor, v_cache: Tensor, slot_mapping: Tensor
) -> None:
    """The torch twin of `store_kv`."""
    _check(k, v, k_cache, v_cache, slot_mapping)
    real = slot_mapping >= 0
    if not bool(real.all()):
        k, v, slot_mapping = k[real], v[real], slot_mapping[real]
    for new, cache in ((k, k_cache), (v, v_cache)):
        cache.view(-1, *cache.shape[2:]).index_copy_(0, slot_mapping, new.to(cache.dtype))


def _check(k: Tensor, v: Tensor, k_cache: Tensor, v_cache: Tensor, slot_mapping: Tensor) -> None:
    if (
        k.shape != v.shape
        or k_cache.shape != v_cache.shape
        or k.shape[1:] != k_cache.shape[2:]
        or slot_mapping.shape != k.shape[:1]
    ):
        raise ValueError(
            f"k {tuple(k.shape)}, v {tuple(v.shape)}, caches {tuple(k_cache.shape)}, "
            f"{tuple(v_cache.shape)} and slots {tuple(slot_mapping.shape)} do not fit together"
        )
    if not (k[:1].is_contiguous() and v[:1].is_contiguous()):
        raise ValueError("a token's heads must be contiguous")
    if not (k_cache.is_contiguous() and v_cache.is_contiguous()):
        raise ValueError("the caches must be contiguous")
