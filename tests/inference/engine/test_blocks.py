"""Blocks are free, held once, or shared; nothing leaks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motet_inference.engine.blocks import BlockPool, chain_seed, extend_chain


def chain(tokens: list[int], *, salt: bytes = b"s", adapter: str | None = None) -> list[bytes]:
    hashes: list[bytes] = []
    extend_chain(hashes, chain_seed(salt=salt, revision="r", adapter=adapter), tokens, 4)
    return hashes


def test_a_published_beginning_is_found_again() -> None:
    pool = BlockPool(4)
    held = pool.allocate(2)
    keys = chain(list(range(8)))
    for block, key in zip(held, keys, strict=True):
        pool.publish(block, key)
    pool.release(held)
    assert pool.num_free == 4
    assert pool.match(chain(list(range(12)))) == held
    assert pool.match(chain([*range(4), 9, 9, 9, 9])) == held[:1]
    assert pool.match(chain([9, *range(1, 8)])) == []


def test_shared_blocks_stay_until_the_last_holder_lets_go() -> None:
    pool = BlockPool(2)
    (block,) = pool.allocate(1)
    pool.take([block])
    pool.release([block])
    pool.check_integrity([[block]])
    assert pool.num_free == 1
    pool.release([block])
    assert pool.num_free == 2


def test_the_end_of_a_chain_is_reused_before_its_beginning() -> None:
    pool = BlockPool(3)
    held = pool.allocate(3)
    for block, key in zip(held, chain(list(range(12))), strict=True):
        pool.publish(block, key)
    pool.release(held)
    pool.allocate(1)
    assert pool.match(chain(list(range(12)))) == held[:2]


def test_without_prefix_cache_nothing_is_found() -> None:
    pool = BlockPool(1, prefix_cache=False)
    (block,) = pool.allocate(1)
    pool.publish(block, chain([1, 2, 3, 4])[0])
    assert pool.match(chain([1, 2, 3, 4])) == []


def test_a_double_release_is_caught() -> None:
    pool = BlockPool(1)
    held = pool.allocate(1)
    pool.release(held)
    with pytest.raises(AssertionError, match="released twice"):
        pool.release(held)


def test_integrity_sees_a_leak() -> None:
    pool = BlockPool(2)
    held = pool.allocate(1)
    with pytest.raises(AssertionError, match="holders"):
        pool.check_integrity([])
    pool.check_integrity([held])


def test_chains_differ_by_every_key_and_no_two_parts_run_together() -> None:
    seeds = [
        chain_seed(salt=salt, revision=revision, adapter=adapter)
        for salt in (b"", b"a", b"ab")
        for revision in ("", "b", "bc")
        for adapter in (None, "", "c", "a")
    ]
    assert len(set(seeds)) == len(seeds)


def test_a_chain_grows_with_its_tokens() -> None:
    seed = chain_seed(salt=b"s", revision="r", adapter=None)
    grown: list[bytes] = []
    for length in range(13):
        extend_chain(grown, seed, list(range(length)), 4)
    assert grown == chain(list(range(12)))
    assert len(set(grown)) == 3


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_random_use_never_leaks_or_frees_twice(data: st.DataObject) -> None:
    pool = BlockPool(8)
    held: list[list[int]] = []
    for _ in range(data.draw(st.integers(1, 30))):
        action = data.draw(st.sampled_from(["allocate", "match", "release", "publish"]))
        if action == "allocate":
            held.append(pool.allocate(data.draw(st.integers(0, pool.num_free))))
        elif action == "match":
            tokens = data.draw(st.lists(st.integers(0, 1), max_size=12))
            found = pool.match(chain(tokens))
            before, free = pool.num_free, pool.num_free_among(found)
            pool.take(found)
            assert pool.num_free == before - free
            held.append(found)
        elif held and action == "release":
            pool.release(held.pop(data.draw(st.integers(0, len(held) - 1))))
        elif held:
            tokens = data.draw(st.lists(st.integers(0, 1), min_size=12, max_size=12))
            for block, key in zip(held[-1], chain(tokens), strict=False):
                pool.publish(block, key)
        pool.check_integrity(held)
    for blocks in held:
        pool.release(blocks)
    pool.check_integrity([])
    assert pool.num_free == 8
