"""Pieces never overlap, and what is given back can be had again, whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from motet_inference.adapters.arena import Arena

PAGE = 4096
SIZE = 40 * PAGE


@given(st.lists(st.one_of(st.integers(0, 15 * PAGE), st.floats(0, 0.99)), max_size=60))
def test_pieces_are_apart_and_come_back(steps: list[int | float]) -> None:
    """An integer takes so many bytes, a fraction gives back the piece at that place."""
    arena = Arena(SIZE)
    held: dict[int, int] = {}
    for step in steps:
        if isinstance(step, int):
            start = arena.take(step)
            if start is None:
                assert max(step, 1) > _longest_gap(held)
                continue
            assert start % PAGE == 0
            assert start + step <= SIZE
            assert all(start + max(step, 1) <= s or s + n <= start for s, n in held.items())
            held[start] = max(1, -(-step // PAGE)) * PAGE
        elif held:
            start = sorted(held)[int(step * len(held))]
            arena.give(start)
            del held[start]
    for start in held:
        arena.give(start)
    assert arena.take(SIZE) == 0


def _longest_gap(held: dict[int, int]) -> int:
    edges = [(0, 0), *sorted(held.items()), (SIZE, 0)]
    ends = [start + size for start, size in edges]
    return max(b[0] - end for end, b in zip(ends, edges[1:], strict=False))


def test_refuses_what_is_no_piece() -> None:
    arena = Arena(SIZE)
    assert arena.take(1) == 0
    arena.give(0)
    for start in (0, PAGE):
        with pytest.raises(ValueError, match="no piece"):
            arena.give(start)
