"""GET /v1/stats: the figures behind the charts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from motet_billing.money import usd
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.api.view import ApiView
from motet_platform.keys import scopes
from motet_platform.metering.models import UsageRecord
from motet_platform.metering.request_views import RequestFilter
from motet_platform.metering.requests import requests_of
from motet_platform.metering.stats import STEPS, stats_by_time, stats_total


class StatsQuery(RequestFilter):
    bucket = serializers.ChoiceField(choices=list(STEPS), default="hour")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs.setdefault("end", timezone.now())
        attrs.setdefault("start", attrs["end"] - timedelta(days=1))
        if attrs["start"] >= attrs["end"]:
            raise serializers.ValidationError({"start": "start must lie before end."})
        return attrs


class FiguresOut(serializers.Serializer[dict[str, Any]]):
    requests = serializers.IntegerField()
    errors = serializers.IntegerField(  # type: ignore[assignment]
        help_text="Without those that the client left (499)."
    )
    prompt_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    cost = serializers.CharField(help_text="USD, an exact decimal.")
    ttft_p50_ms = serializers.IntegerField(allow_null=True, help_text="null: nothing to measure.")
    ttft_p95_ms = serializers.IntegerField(allow_null=True)


class BucketOut(FiguresOut):
    time = serializers.DateTimeField(help_text="When the bucket begins.")


class StatsOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    bucket = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    data = BucketOut(many=True)  # type: ignore[assignment]
    total = FiguresOut()


class StatsView(ApiView):
    scopes = {"GET": scopes.USAGE}

    @extend_schema(operation_id="stats_get", parameters=[StatsQuery], responses=StatsOut)
    def get(self, request: Request) -> Response:
        """Requests, errors, tokens, cost and time to the first token, by hour or day. Without
        `start`, the last day."""
        query = StatsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        return Response(stats_body(requests_of(self.account, asked), asked))


def stats_body(records: QuerySet[UsageRecord], asked: Mapping[str, Any]) -> dict[str, Any]:
    """The answer over these records; `asked` is a StatsQuery's."""
    start, end, bucket = asked["start"], asked["end"], asked["bucket"]
    buckets = stats_by_time(records, start=start, end=end, bucket=bucket)
    return {
        "object": "list",
        "bucket": bucket,
        "start": start,
        "end": end,
        "data": [priced(row) for row in buckets],
        "total": priced(stats_total(records)),
    }


def priced(row: Mapping[str, Any]) -> dict[str, Any]:
    """The figures with their cost in USD."""
    return {**row, "cost": usd(row["cost"])}
