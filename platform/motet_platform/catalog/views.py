"""GET /v1/catalog: the base models, with what they cost and can do."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from motet_billing.money import usd
from motet_billing.pricing import Price
from motet_billing.selectors import prices_at
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.adapters.gate.base import BaseShape
from motet_platform.api.view import ApiView
from motet_platform.catalog.models import BaseModel
from motet_platform.catalog.selectors import bases_active
from motet_platform.config import get_config
from motet_platform.keys import scopes

# What the gateway serves of every base.
CAPABILITIES = ("chat", "completions", "streaming", "logprobs", "lora")


class CatalogPriceOut(serializers.Serializer[dict[str, Any]]):
    """USD per 1M tokens, exact decimals."""

    input = serializers.CharField()
    cached_input = serializers.CharField()
    output = serializers.CharField()


class LoraOut(serializers.Serializer[dict[str, Any]]):
    max_rank = serializers.IntegerField()
    projections = serializers.ListField(child=serializers.CharField())


class CatalogEntryOut(serializers.Serializer[dict[str, Any]]):
    id = serializers.CharField(help_text="The model's name in requests.")
    family = serializers.CharField()
    context_length = serializers.IntegerField(help_text="Tokens of prompt and answer together.")
    price = CatalogPriceOut(allow_null=True, help_text="null: not for sale, so it is not served.")
    capabilities = serializers.ListField(child=serializers.CharField())
    lora = LoraOut(help_text="What an adapter for this base may be.")
    created_at = serializers.DateTimeField()


class CatalogOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = CatalogEntryOut(many=True)  # type: ignore[assignment]


class CatalogView(ApiView):
    scopes = {"GET": scopes.ANY}

    @extend_schema(operation_id="catalog_list", responses=CatalogOut)
    def get(self, request: Request) -> Response:
        """Base models. An adapter costs what its base costs."""
        prices = prices_at()
        data = [_entry(base, prices.get(base.name)) for base in bases_active()]
        return Response({"object": "list", "data": data})


def _entry(base: BaseModel, price: Price | None) -> dict[str, Any]:
    shape = BaseShape.of(base.config)
    return {
        "id": base.name,
        "family": shape.family,
        "context_length": base.context_length,
        "price": _price(price) if price else None,
        "capabilities": list(CAPABILITIES),
        "lora": {"max_rank": get_config().max_rank, "projections": list(shape.projections)},
        "created_at": base.created_at,
    }


def _price(price: Price) -> dict[str, str]:
    kinds = ("input", "cached_input", "output")
    return {kind: usd(getattr(price, kind) * 1_000_000) for kind in kinds}
