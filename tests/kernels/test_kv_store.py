import pytest
import torch
from motet_kernels import store_kv
from motet_kernels.testing import TOLERANCE


@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize("tokens", [0, 1, 7])
def test_writes_each_token_to_its_slot_and_nothing_else(tokens: int, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    qkv = torch.randn(tokens, 9, 5).to(dtype)
    k, v = qkv[:, 3:6], qkv[:, 6:]
    k_cache, v_cache = torch.randn(2, 4, 8, 3, 5).to(dtype)
    slots = torch.randperm(32)[:tokens]
    slots[tokens // 2 : tokens // 2 + 1] = -1
    expected = k_cache.clone(), v_cache.clone()
    for t, slot in enumerate(slots.tolist()):
        if slot >= 0:
            expected[0][slot // 8, slot % 8] = k[t]
            expected[1][slot // 8, slot % 8] = v[t]
    store_kv(k, v, k_cache, v_cache, slots)
    assert torch.equal(k_cache, expected[0])
    assert torch.equal(v_cache, expected[1])


def test_padding_alone_writes_nothing() -> None:
    cache = torch.zeros(2, 4, 1, 3)
    k = torch.ones(2, 1, 3)
    store_kv(k, k, cache, cache, torch.tensor([-1, -1]))
    assert not cache.any()


def test_refuses_what_does_not_fit() -> None:
    k, cache, slots = torch.ones(2, 1, 3), torch.zeros(2, 4, 1, 3), torch.tensor([0, 1])
    with pytest.raises(ValueError, match="fit together"):
        store_kv(k, k, cache, cache, slots[:1])
    with pytest.raises(ValueError, match="fit together"):
        store_kv(k, k, cache[..., :2], cache[..., :2], slots)
    with pytest.raises(ValueError, match="caches"):
        store_kv(k, k, cache.transpose(0, 1), cache.transpose(0, 1), slots)
    wide = torch.ones(2, 3, 1).transpose(1, 2).expand(2, 2, 3).transpose(1, 2)
    with pytest.raises(ValueError, match="heads"):
        store_kv(wide, wide, torch.zeros(2, 4, 3, 2), torch.zeros(2, 4, 3, 2), slots)
