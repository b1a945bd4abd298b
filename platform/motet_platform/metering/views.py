"""GET /v1/usage and GET /v1/receipts/{request_id}."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from motet_billing.models import Hold, PriceVersion
from motet_billing.money import usd
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.api.csv_stream import csv_response
from motet_platform.api.price import PriceOut, price_shown
from motet_platform.api.view import ApiView
from motet_platform.keys import scopes
from motet_platform.metering.filters import usage_filter
from motet_platform.metering.models import UsageRecord
from motet_platform.metering.selectors import (
    FIGURES,
    GROUPS,
    receipt,
    usage_rows,
    usage_stream,
    usage_total,
)


@extend_schema_field(OpenApiTypes.DATETIME)
class Instant(serializers.Field[Any, str, str, Any]):
    """A date (its first moment, UTC) or a date with time and zone; nothing happened before 1970,
    and nothing of the calendar's last day, beyond which no hour ends."""

    default_error_messages = {"invalid": "Write 2026-11-23 or 2026-11-23T10:00:00Z."}
    earliest = datetime(1970, 1, 1, tzinfo=UTC)
    latest = datetime(9999, 12, 31, tzinfo=UTC)

    def to_internal_value(self, data: str) -> datetime:
        try:
            day: date | None = parse_date(data)
            instant = datetime.combine(day, time()) if day else parse_datetime(data)
            if instant is not None:
                zone = instant.tzinfo or UTC
                instant = instant.replace(tzinfo=zone).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            instant = None
        if instant is None or not self.earliest <= instant <= self.latest:
            self.fail("invalid")
        return instant

    def to_representation(self, value: Any) -> str:
        return str(value)


class Span(serializers.Serializer[dict[str, Any]]):
    """A time with defaults: `start` is included, `end` is not."""

    start = Instant(required=False, help_text="Included; 30 days ago where it is left out.")
    end = Instant(required=False, help_text="Left out of the answer; now where it is not given.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs.setdefault("end", timezone.now())
        attrs.setdefault("start", attrs["end"] - timedelta(days=30))
        if attrs["start"] >= attrs["end"]:
            raise serializers.ValidationError({"start": "start must lie before end."})
        return attrs


class UsageFilter(serializers.Serializer[dict[str, Any]]):
    """Which requests are meant, among those of an account: see `usage_filter`."""

    model = serializers.CharField(required=False, max_length=200, help_text="As it was asked for.")
    adapter = serializers.CharField(required=False, max_length=200, help_text="acme/support")
    version = serializers.CharField(required=False, max_length=200, help_text="acme/support@3")
    key = serializers.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, help_text="The key's id."
    )
    member = serializers.CharField(
        required=False, max_length=254, help_text="An e-mail, or service:NAME."
    )


class UsageQuery(UsageFilter, Span):
    group_by = serializers.CharField(default="model", allow_blank=True)

    def validate_group_by(self, value: str) -> list[str]:
        groups = [name.strip() for name in value.split(",") if name.strip()]
        if unknown := [name for name in groups if name not in GROUPS]:
            raise serializers.ValidationError(
                f"{unknown[0][:40]!r} is none of {', '.join(GROUPS)}."
            )
        return list(dict.fromkeys(groups))


class UsageRowOut(serializers.Serializer[dict[str, Any]]):
    requests = serializers.IntegerField()
    prompt_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    cost = serializers.CharField(help_text="USD, an exact decimal.")
    model = serializers.CharField(required=False)
    adapter = serializers.CharField(required=False)
    version = serializers.CharField(required=False)
    key = serializers.CharField(required=False)
    member = serializers.CharField(required=False)
    day = serializers.DateField(required=False)
    hour = serializers.DateTimeField(required=False)


class UsageOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    data = UsageRowOut(many=True)  # type: ignore[assignment]
    total = UsageRowOut()


class CsvRenderer(BaseRenderer):
    """Lets clients ask for CSV, which is then streamed; an error stays the JSON that it is."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        assert renderer_context is not None
        renderer_context["response"]["Content-Type"] = "application/json"
        return JSONRenderer().render(data)


class UsageView(ApiView):
    scopes = {"GET": scopes.USAGE}
    renderer_classes = (JSONRenderer, CsvRenderer)

    @extend_schema(
        operation_id="usage_get",
        parameters=[UsageQuery],
        responses={(200, "application/json"): UsageOut, (200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> Response | StreamingHttpResponse:
        """Tokens and cost, grouped by any of model, adapter, version, key, member, day, hour. CSV
        with `Accept: text/csv` or `?format=csv`: streamed, of any size, in no particular order."""
        query = UsageQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        start, end, groups = asked["start"], asked["end"], asked["group_by"]
        which = usage_filter(asked)
        if isinstance(request.accepted_renderer, CsvRenderer):
            found = usage_stream(self.account, start=start, end=end, groups=groups, which=which)
            return csv_response(request, self.account.pk, [*groups, *FIGURES], map(_priced, found))
        rows = usage_rows(self.account, start=start, end=end, groups=groups, which=which)
        return Response(
            {
                "object": "list",
                "start": start,
                "end": end,
                "data": [_priced(row) for row in rows],
                "total": _priced(usage_total(rows)),
            }
        )


def _priced(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "cost": usd(row["cost"])}


class BoundPriceOut(PriceOut):
    """The version is the one that the request began with."""

    version = serializers.IntegerField()
    valid_from = serializers.DateTimeField()


class HoldOut(serializers.Serializer[dict[str, Any]]):
    """What was held for the request at most, and how that ended."""

    amount = serializers.CharField()
    opened_at = serializers.DateTimeField()
    state = serializers.CharField()
    captured = serializers.CharField()
    settled_at = serializers.DateTimeField(allow_null=True)


class ReceiptFields(serializers.ModelSerializer[UsageRecord]):
    """How a request's record is shown, whole or in a list."""

    base_model = serializers.CharField(source="base")
    version = serializers.SerializerMethodField()
    key = serializers.CharField(source="key.prefix", default=None, allow_null=True)
    key_name = serializers.CharField(source="key.name", default=None, allow_null=True)
    cost = serializers.SerializerMethodField()

    def get_version(self, record: UsageRecord) -> str | None:
        return None if record.version is None else str(record.version)

    def get_cost(self, record: UsageRecord) -> str:
        return usd(record.cost)


class ReceiptOut(ReceiptFields):
    object = serializers.SerializerMethodField()
    price = serializers.SerializerMethodField()
    hold = serializers.SerializerMethodField()

    class Meta:
        model = UsageRecord
        fields = [
            "object", "request_id", "model", "base_model", "version", "digest", "key", "key_name",
            "endpoint", "status", "finish_reason", "streamed", "prompt_tokens", "cached_tokens",
            "completion_tokens", "price", "cost", "hold", "fault", "ttft_ms", "duration_ms",
            "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_object(self, record: UsageRecord) -> str:
        return "receipt"

    @extend_schema_field(BoundPriceOut)
    def get_price(self, record: UsageRecord) -> dict[str, Any]:
        price = PriceVersion.objects.get(pk=record.price_version_id)
        return {"version": price.pk, "valid_from": price.valid_from, **price_shown(price)}

    @extend_schema_field(HoldOut(allow_null=True))
    def get_hold(self, record: UsageRecord) -> dict[str, Any] | None:
        hold = Hold.objects.filter(pk=record.request_id).first()
        if hold is None:
            return None
        return {
            "amount": usd(hold.amount),
            "opened_at": hold.opened_at,
            "state": hold.state,
            "captured": usd(hold.captured),
            "settled_at": hold.closed_at,
        }


class ReceiptView(ApiView):
    scopes = {"GET": scopes.USAGE}

    @extend_schema(operation_id="receipts_get", responses=ReceiptOut)
    def get(self, request: Request, request_id: str) -> Response:
        """What one request used, at which price, and what it cost."""
        return Response(ReceiptOut(receipt(self.account, request_id)).data)
