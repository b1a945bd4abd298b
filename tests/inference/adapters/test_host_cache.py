"""Adapters in host memory stay within their bytes, in page-locked memory or without it."""

from collections.abc import Callable

import pytest
import torch
from motet_inference.adapters import host_cache
from motet_inference.adapters.blob import AdapterWeights
from motet_inference.adapters.host_cache import HostCache

PAGE = 4096


@pytest.fixture(params=["cpu", "cuda"])
def make(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], HostCache]:
    """A cache of so many bytes; without a GPU, ordinary memory stands for the page-locked."""
    monkeypatch.setattr(host_cache, "_page_locked", lambda size, _: torch.zeros(size).byte())
    return lambda limit: HostCache(limit, torch.device(request.param))


def fill(cache: HostCache, digest: str, count: int) -> AdapterWeights:
    blob = cache.room(count, torch.float32)
    blob.fill_(float(ord(digest)))
    weights = AdapterWeights(1, (), blob)
    cache.put(digest, weights)
    return weights


def test_drops_the_least_recently_used(make: Callable[[int], HostCache]) -> None:
    cache = make(3 * PAGE)
    for digest in "abc":
        fill(cache, digest, PAGE // 4)
    assert cache.get("a") is not None
    assert cache.peek("b") is not None
    fill(cache, "d", PAGE // 4)
    assert cache.digests() == ["c", "a", "d"]
    for digest in "cad":
        weights = cache.peek(digest)
        assert weights is not None
        assert (weights.blob == float(ord(digest))).all()


def test_one_adapter_stays_whatever_its_size(
    make: Callable[[int], HostCache], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = torch.empty
    monkeypatch.setattr(torch, "empty", lambda *a, pin_memory=False, **k: plain(*a, **k))
    cache = make(2 * PAGE)
    fill(cache, "a", PAGE // 4)
    fill(cache, "b", PAGE)
    assert cache.digests() == ["b"]
    fill(cache, "c", PAGE // 4)
    assert cache.digests() == ["c"]


def test_what_was_given_out_and_never_put_is_free_again(make: Callable[[int], HostCache]) -> None:
    cache = make(2 * PAGE)
    fill(cache, "a", PAGE // 4)
    for _ in range(5):
        cache.room(PAGE // 4, torch.float32)
    fill(cache, "b", PAGE // 4)
    assert cache.digests() == ["a", "b"]


def test_an_entry_is_replaced(make: Callable[[int], HostCache]) -> None:
    cache = make(2 * PAGE)
    fill(cache, "a", PAGE // 4)
    fill(cache, "a", PAGE // 4)
    fill(cache, "b", PAGE // 4)
    assert cache.digests() == ["a", "b"]
