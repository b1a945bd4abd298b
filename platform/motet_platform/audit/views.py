"""GET /v1/audit-log."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.api.paging import Page, PageQuery
from motet_platform.api.view import ApiView
from motet_platform.audit.models import ActorKind, AuditEntry
from motet_platform.keys import scopes


class AuditQuery(PageQuery):
    action = serializers.CharField(
        required=False, max_length=60, help_text="`key.create`, or `key` for all of its actions."
    )
    actor = serializers.CharField(required=False, max_length=254)
    target = serializers.CharField(required=False, max_length=254)


class AuditEntryOut(serializers.ModelSerializer[AuditEntry]):
    actor_kind = serializers.ChoiceField(choices=ActorKind.choices)
    before = serializers.DictField(allow_null=True)
    after = serializers.DictField(allow_null=True)

    class Meta:
        model = AuditEntry
        fields = [
            "id", "created_at", "actor_kind", "actor", "action", "target", "before", "after", "ip",
        ]  # fmt: skip
        read_only_fields = fields

    def to_representation(self, instance: AuditEntry) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if instance.actor_kind == ActorKind.OPERATOR:
            shown |= {"actor": "operator", "ip": None}  # who of the staff is not the tenant's
        return shown


class AuditPageOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = AuditEntryOut(many=True)  # type: ignore[assignment]
    has_more = serializers.BooleanField()
    next = serializers.CharField(allow_null=True)


class AuditLogView(ApiView):
    scopes = {"GET": scopes.AUDIT}

    @extend_schema(operation_id="audit_log", parameters=[AuditQuery], responses=AuditPageOut)
    def get(self, request: Request) -> Response:
        """Who changed what, newest first."""
        query = AuditQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        page = Page(asked["limit"], asked.get("after"))
        entries = AuditEntry.objects.filter(account=self.account)
        if page.after is not None:
            entries = entries.filter(pk__lt=page.after)
        if action := asked.get("action"):
            entries = entries.filter(
                **{"action": action} if "." in action else {"action__startswith": f"{action}."}
            )
        for field in ("actor", "target"):
            if wanted := asked.get(field):
                entries = entries.filter(**{field: wanted})
                if field == "actor":
                    entries = entries.exclude(actor_kind=ActorKind.OPERATOR)
        rows = list(entries.order_by("-pk")[: page.limit + 1])
        return Response(page.body(rows, lambda row: AuditEntryOut(row).data, lambda row: row.pk))
