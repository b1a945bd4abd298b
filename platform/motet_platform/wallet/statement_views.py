"""GET /v1/billing/statement: one month, as an accountant wants it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from motet_billing.money import usd
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.api.csv_stream import csv_response
from motet_platform.api.view import ApiView
from motet_platform.keys import scopes
from motet_platform.metering.views import CsvRenderer
from motet_platform.wallet.statement import Statement, month_of, statement

COLUMNS = ("date", "kind", "reference", "description", "amount")


class StatementQuery(serializers.Serializer[dict[str, Any]]):
    month = serializers.RegexField(
        r"^20[0-9]{2}-(0[1-9]|1[0-2])$",
        required=False,
        help_text="Such as 2026-11, in UTC; this month where it is left out.",
    )


class MovementOut(serializers.Serializer[dict[str, Any]]):
    created_at = serializers.DateTimeField()
    kind = serializers.CharField()
    reference = serializers.CharField()
    memo = serializers.CharField()
    amount = serializers.CharField(help_text="USD; what came in is positive.")


class ChargeOut(serializers.Serializer[dict[str, Any]]):
    base_model = serializers.CharField()
    model = serializers.CharField()
    requests = serializers.IntegerField()
    prompt_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    cost = serializers.CharField()


class StatementOut(serializers.Serializer[dict[str, Any]]):
    """Amounts are exact decimals in USD: opening + movements - charged = closing."""

    object = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    final = serializers.BooleanField(help_text="The month has ended.")
    opening = serializers.CharField()
    closing = serializers.CharField()
    charged = serializers.CharField()
    movements = MovementOut(many=True)
    charges = ChargeOut(many=True)


class StatementView(ApiView):
    scopes = {"GET": scopes.BILLING}
    renderer_classes = (JSONRenderer, CsvRenderer)

    @extend_schema(
        operation_id="billing_statement",
        parameters=[StatementQuery],
        responses={(200, "application/json"): StatementOut, (200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> Response | StreamingHttpResponse:
        """A month's statement: top-ups, grants, refunds and expiry one by one, charges by model.
        CSV with `Accept: text/csv` or `?format=csv`: charges by day and model, and amounts that
        sum to the closing balance."""
        query = StatementQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        now = timezone.now()
        month = query.validated_data.get("month")
        start, end = month_of(
            datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC) if month else now
        )
        found = statement(self.account, start=start, end=end)
        if isinstance(request.accepted_renderer, CsvRenderer):
            return csv_response(request, self.account.pk, COLUMNS, _rows(found))
        return Response(
            {
                "object": "statement",
                "start": start,
                "end": end,
                "final": end <= now,
                "opening": usd(found.opening),
                "closing": usd(found.closing),
                "charged": usd(found.charged),
                "movements": [
                    {
                        "created_at": move.at,
                        "kind": move.kind,
                        "reference": move.reference,
                        "memo": move.memo,
                        "amount": usd(move.amount),
                    }
                    for move in found.movements
                ],
                "charges": [
                    {
                        "base_model": charge.base,
                        "model": charge.model,
                        "requests": charge.requests,
                        "prompt_tokens": charge.prompt_tokens,
                        "cached_tokens": charge.cached_tokens,
                        "completion_tokens": charge.completion_tokens,
                        "cost": usd(charge.cost),
                    }
                    for charge in found.by_model()
                ],
            }
        )


def _rows(found: Statement) -> Iterator[dict[str, str]]:
    """The opening balance, and then all that moved it, by time."""

    def row(date: object, kind: str, reference: str, description: str, amount: int) -> Any:
        return dict(
            zip(COLUMNS, (str(date), kind, reference, description, usd(amount)), strict=True)
        )

    yield row(found.start.date(), "opening", "", "balance", found.opening)
    moved = [
        (move.at.date(), row(move.at.date(), move.kind, move.reference, move.memo, move.amount))
        for move in found.movements
    ]
    for charge in found.charges:
        said = f"{charge.requests} requests of base {charge.base}"
        moved.append((charge.day, row(charge.day, "usage", charge.model, said, -charge.cost)))
    for _, each in sorted(moved, key=lambda pair: pair[0]):
        yield each
