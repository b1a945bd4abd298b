"""How a price is shown."""

from __future__ import annotations

from typing import Any, Protocol

from motet_billing.money import usd
from rest_framework import serializers


class Priced(Protocol):
    """Micro-USD per 1M tokens: a version of the price book, or its row."""

    @property
    def input(self) -> int: ...
    @property
    def cached_input(self) -> int: ...
    @property
    def output(self) -> int: ...


class PriceOut(serializers.Serializer[dict[str, Any]]):
    """USD per 1M tokens, exact decimals."""

    input = serializers.CharField()
    cached_input = serializers.CharField()
    output = serializers.CharField()


def price_shown(price: Priced) -> dict[str, str]:
    """The values of PriceOut."""
    given = {
        "input": price.input, "cached_input": price.cached_input, "output": price.output,
    }  # fmt: skip
    return {kind: usd(value * 1_000_000) for kind, value in given.items()}
