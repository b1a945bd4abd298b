"""Amounts of money that is paid: decimal strings in USD outside, whole cents inside."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from motet_billing.money import picodollars, usd
from motet_billing.stripe.models import CENT
from rest_framework import serializers


@extend_schema_field(OpenApiTypes.STR)
class CentsField(serializers.Field[int, Any, str, Any]):
    """`"25.00"` as 2500, between `least` and `most`."""

    def __init__(self, *, least: int = 0, most: int = 2**53, **options: Any) -> None:
        super().__init__(**options)
        self.least, self.most = least, most

    def to_internal_value(self, data: Any) -> int:
        try:
            cents, rest = divmod(picodollars(str(data)), CENT)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None
        if rest or not self.least <= cents <= self.most:
            raise serializers.ValidationError(
                f"Give whole cents from {usd(self.least * CENT)} to {usd(self.most * CENT)} USD."
            )
        return cents

    def to_representation(self, value: int) -> str:
        return usd(value * CENT)
