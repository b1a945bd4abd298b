"""Prices and amounts are exact, for any count and any price."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from motet_billing.money import LIMIT, picodollars, usd
from motet_billing.pricing import Price, cost

micro = st.integers(0, 10**9)
tokens = st.integers(0, 10**7)
prices = st.builds(Price, st.just(1), st.just("base"), micro, micro, micro)


@given(prices, tokens, tokens, tokens)
def test_cost_is_the_exact_product(price: Price, uncached: int, cached: int, output: int) -> None:
    """The same sum in decimals: USD per 1M tokens, times tokens."""
    per_token = [
        Decimal(p) / 10**6 / 10**6 for p in (price.input, price.cached_input, price.output)
    ]
    expected = sum(p * n for p, n in zip(per_token, (uncached, cached, output), strict=True))
    assert Decimal(usd(cost(price, uncached + cached, cached, output))) == expected


@given(prices, tokens, tokens, tokens, tokens)
def test_cost_of_two_streams_is_the_cost_of_one(
    price: Price, prompt: int, first: int, second: int, cached: int
) -> None:
    prompt += cached
    split = cost(price, prompt, cached, first) + cost(price, 0, 0, second)
    assert split == cost(price, prompt, cached, first + second)


def test_the_tiny_model_costs_what_its_page_says() -> None:
    tiny = Price(1, "motet-tiny", 100_000, 50_000, 200_000)
    assert usd(cost(tiny, 1_000_000, 0, 0)) == "0.10"
    assert usd(cost(tiny, 1_000_000, 1_000_000, 0)) == "0.05"
    assert usd(cost(tiny, 0, 0, 1_000_000)) == "0.20"
    assert usd(cost(tiny, 7, 3, 1)) == "0.00000075"


@pytest.mark.parametrize("counts", [(1, 2, 0), (-1, 0, 0), (1, -1, 0), (0, 0, -1)])
def test_impossible_counts_are_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="impossible counts"):
        cost(Price(1, "base", 1, 1, 1), *counts)


def test_what_no_wallet_could_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="out of range"):
        cost(Price(1, "base", 0, 0, 10**12), 0, 0, 10**7)
    with pytest.raises(ValueError, match="never negative"):
        Price(1, "base", 1, -1, 1)


@given(st.integers(-LIMIT, LIMIT))
def test_text_and_back(amount: int) -> None:
    text = usd(amount)
    assert picodollars(text) == amount
    assert Decimal(text) * 10**12 == amount
    assert len(text.partition(".")[2]) >= 2


@pytest.mark.parametrize(
    ("text", "amount"),
    [("5.00", 5 * 10**12), ("5", 5 * 10**12), ("-0.5", -5 * 10**11), ("0.000000000001", 1)],
)
def test_amounts_are_read_exactly(text: str, amount: int) -> None:
    assert picodollars(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".5",
        "5.",
        "1e3",
        "0.0000000000001",
        "+1",
        " 1",
        "1\n",
        "٣",
        "NaN",
        "9999999999999",
        "1,0",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        picodollars(text)
