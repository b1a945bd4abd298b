from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from motet_kernels import AttentionBatch, paged_attention
from motet_kernels.testing import TOLERANCE, assert_close
from torch import Tensor

DTYPES = list(TOLERANCE)
NAN = float("nan")


class Sequences:
    """Random sequences in a cache whose unused places hold NaN, as (rows, length) each."""

    def __init__(
        self,
        shapes: Sequence[tuple[int, int]],
        *,
        heads: int = 6,
        kv_heads: int = 2,
        dim: int = 20,
        page: int = 4,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        torch.manual_seed(0)
        self.shapes = list(shapes)
        pages = max(-(-length // page) for _, length in shapes) + 1
        self.q = torch.randn(sum(rows for rows, _ in shapes), heads, dim).to(dtype)
        self.keys = [torch.randn(length, kv_heads, dim).to(dtype) for _, length in shapes]
        self.values = [torch.randn_like(k) for k in self.keys]
        # Entries past a sequence's pages name no block at all.
        self.tables = torch.full((len(shapes), pages), 1 << 30, dtype=torch.int32)
        blocks = torch.randperm(len(shapes) * pages).int()
        caches = [torch.full((len(blocks), page, kv_heads, dim), NAN, dtype=dtype) for _ in "kv"]
        self.k_cache, self.v_cache = caches
        for b, (_, length) in enumerate(shapes):
            used = -(-length // page)
            self.tables[b, :used] = blocks[b * pages : b * pages + used]
            for position in range(length):
                block = self.tables[b, position // page]
                self.k_cache[block, position % page] = self.keys[b][position]
                self.v_cache[block, position % page] = self.values[b][position]

    def batch(self) -> AttentionBatch:
        rows = [rows for rows, _ in self.shapes]
        lengths = [length for _, length in self.shapes]
        starts = torch.tensor([0, *rows]).cumsum(0).int()
        return AttentionBatch(
            starts, torch.tensor(lengths).int(), self.tables, max(rows), max(lengths)
        )

    def attend(self, window: int | None = None, softcap: float | None = None) -> Tensor:
        return paged_attention(
            self.q, self.k_cache, self.v_cache, self.batch(),
            scale=0.3, window=window, softcap=softcap,
        )  # fmt: skip

    def naive(self, window: int | None = None, softcap: float | None = None) -> Tensor:
        """The definition, head by head and row by row, in double precision."""
        out = torch.empty(self.q.shape, dtype=torch.double)
        row = 0
        for (rows, length), k, v in zip(self.shapes, self.keys, self.values, strict=True):
            group = self.q.shape[1] // k.shape[1]
            for position in range(length - rows, length):
                low = 0 if window is None else max(0, position - window + 1)
                for head in range(self.q.shape[1]):
                    keys = k[low : position + 1, head // group].double()
                    scores = keys @ self.q[row, head].double() * 0.3
                    if softcap is not None:
                        scores = softcap * torch.tanh(scores / softcap)
                    weights = torch.softmax(scores, 0)
                    out[row, head] = weights @ v[low : position + 1, head // group].double()
                row += 1
        return out


MIXED = [(1, 1), (3, 3), (1, 40), (0, 9), (9, 21), (1, 16), (2, 17)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("window", [None, 1, 6])
@pytest.mark.parametrize("softcap", [None, 2.0])
def test_matches_the_definition(
    window: int | None, softcap: float | None, dtype: torch.dtype
) -> None:
    sequences = Sequences(MIXED, dtype=dtype)
    out = sequences.attend(window, softcap)
    assert out.dtype == dtype
    assert_close(out, sequences.naive(window, softcap))


@settings(max_examples=30, deadline=None)
@given(
    shapes=st.lists(
        st.tuples(st.integers(0, 8), st.integers(0, 24)).map(lambda s: (s[0], max(1, sum(s)))),
        min_size=1,
        max_size=6,
    ).filter(lambda shapes: any(rows for rows, _ in shapes)),
    heads=st.sampled_from([(1, 1), (4, 4), (6, 2), (7, 1)]),
    page=st.sampled_from([1, 4, 16]),
    window=st.none() | st.integers(1, 30),
)
def test_matches_the_definition_on_any_batch(
    shapes: list[tuple[int, int]], heads: tuple[int, int], page: int, window: int | None
) -> None:
    sequences = Sequences(shapes, heads=heads[0], kv_heads=heads[1], dim=8, page=page)
    assert_close(sequences.attend(window), sequences.naive(window))


@pytest.mark.parametrize("softcap", [None, 2.0])
def test_a_sequence_alone_equals_the_sequence_in_a_batch(softcap: float | None) -> None:
    together = Sequences([(1, 70), (5, 8), (1, 9), (1, 65)])
    out = together.attend(softcap=softcap)
    starts = together.batch().query_start.tolist()
    for b, (rows, length) in enumerate(together.shapes):
        alone = paged_attention(
            together.q[starts[b] : starts[b + 1]],
            together.k_cache,
            together.v_cache,
            AttentionBatch(
                torch.tensor([0, rows]).int(),
                torch.tensor([length]).int(),
                together.tables[b : b + 1],
                rows,
                length,
            ),
            scale=0.3,
            softcap=softcap,
        )
        torch.testing.assert_close(out[starts[b] : starts[b + 1]], alone, rtol=1e-6, atol=1e-6)


def test_a_prompt_in_chunks_equals_the_prompt_at_once() -> None:
    whole = Sequences([(12, 12)])
    expected = whole.attend()
    for first in (1, 4, 11):
        for rows, start in ((first, 0), (12 - first, first)):
            part = AttentionBatch(
                torch.tensor([0, rows]).int(),
                torch.tensor([start + rows]).int(),
                whole.tables,
                rows,
                start + rows,
            )
            out = paged_attention(
                whole.q[start : start + rows], whole.k_cache, whole.v_cache, part, scale=0.3
            )
            torch.testing.assert_close(out, expected[start : start + rows], rtol=1e-6, atol=1e-6)


def test_takes_queries_from_a_wider_buffer() -> None:
    sequences = Sequences(MIXED)
    expected = sequences.attend()
    tokens, heads, dim = sequences.q.shape
    wide = torch.full((tokens, heads + 3, dim), NAN)
    wide[:, :heads] = sequences.q
    sequences.q = wide[:, :heads]
    assert torch.equal(sequences.attend(), expected)


def test_refuses_what_does_not_fit() -> None:
    sequences = Sequences([(1, 3)])
    q, cache, batch = sequences.q, sequences.k_cache, sequences.batch()
    with pytest.raises(ValueError, match="does not fit"):
        paged_attention(q[..., :-1], cache, cache, batch, scale=1.0)
    with pytest.raises(ValueError, match="divide"):
        paged_attention(q[:, :5], cache, cache, batch, scale=1.0)
    with pytest.raises(ValueError, match="window"):
        paged_attention(q, cache, cache, batch, scale=1.0, window=0)
    with pytest.raises(ValueError, match="softcap"):
        paged_attention(q, cache, cache, batch, scale=1.0, softcap=0.0)
    with pytest.raises(ValueError, match="contiguous"):
        paged_attention(q[..., ::2], cache[..., ::2], cache[..., ::2], batch, scale=1.0)
