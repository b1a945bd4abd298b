"""GET /v1/requests: single requests, as lists and for a look that follows what happens."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.api.paging import MAX_LIMIT
from motet_platform.api.view import ApiView
from motet_platform.keys import scopes
from motet_platform.metering.filters import SERVICE
from motet_platform.metering.models import UsageRecord
from motet_platform.metering.requests import Cursor, requests_of, requests_page
from motet_platform.metering.retention import shown
from motet_platform.metering.views import Instant, ReceiptFields, UsageFilter


class RequestFilter(UsageFilter):
    start = Instant(required=False, help_text="Included.")
    end = Instant(required=False, help_text="Left out.")


class RequestQuery(RequestFilter):
    status = serializers.RegexField(
        r"^(ok|error|[1-5][0-9]{2})$", required=False, help_text="`ok`, `error`, or a number."
    )
    limit = serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, default=50)
    after = serializers.CharField(required=False, max_length=100, help_text="`next` of a page.")


class RequestOut(ReceiptFields):
    key_id = serializers.IntegerField(allow_null=True)
    member = serializers.SerializerMethodField()

    class Meta:
        model = UsageRecord
        fields = [
            "request_id", "created_at", "model", "base_model", "version", "key", "key_name",
            "key_id", "member", "endpoint", "status", "finish_reason", "streamed",
            "prompt_tokens", "cached_tokens", "completion_tokens", "cost", "fault", "ttft_ms",
            "duration_ms",
        ]  # fmt: skip
        read_only_fields = fields

    def get_member(self, record: UsageRecord) -> str | None:
        if record.key is None:
            return None
        if record.key.service_account is not None:
            return f"{SERVICE}{record.key.service_account.name}"
        return record.key.created_by.email if record.key.created_by else None


class RequestPageOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = RequestOut(many=True)  # type: ignore[assignment]
    has_more = serializers.BooleanField()
    next = serializers.CharField(allow_null=True)


class RequestsView(ApiView):
    scopes = {"GET": scopes.USAGE}

    @extend_schema(
        operation_id="requests_list", parameters=[RequestQuery], responses=RequestPageOut
    )
    def get(self, request: Request) -> Response:
        """Requests that began, newest first. To follow what happens, ask for the first page again
        every few seconds: it is one look into an index."""
        query = RequestQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        after, limit = asked.get("after"), asked["limit"]
        rows = requests_page(
            shown(requests_of(self.account, asked), self.account),
            after=Cursor.read(after) if after else None,
            limit=limit + 1,
        )
        page, more = rows[:limit], len(rows) > limit
        return Response(
            {
                "object": "list",
                "data": [RequestOut(row).data for row in page],
                "has_more": more,
                "next": str(Cursor.of(page[-1])) if more else None,
            }
        )
