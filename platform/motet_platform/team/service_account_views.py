"""/v1/service-accounts."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.accounts.models import Role
from motet_platform.api.view import ApiView
from motet_platform.keys import scopes
from motet_platform.team.models import ServiceAccount
from motet_platform.team.service_accounts import (
    service_account_create,
    service_account_delete,
    service_account_get,
    service_accounts_of,
)

ROLES = [choice for choice in Role.choices if choice[0] != Role.OWNER]


class ServiceAccountIn(serializers.Serializer[dict[str, Any]]):
    name = serializers.CharField(max_length=64)
    description = serializers.CharField(max_length=500, required=False, allow_blank=True)
    role = serializers.ChoiceField(choices=ROLES, default=Role.DEVELOPER.value)


class ServiceAccountOut(serializers.Serializer[ServiceAccount]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    role = serializers.ChoiceField(choices=ROLES)
    created_by = serializers.CharField(source="created_by.email", default=None, allow_null=True)
    created_at = serializers.DateTimeField()


class ServiceAccountListOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = ServiceAccountOut(many=True)  # type: ignore[assignment]


class ServiceAccountsView(ApiView):
    scopes = {"GET": scopes.TEAM_READ, "POST": scopes.TEAM_WRITE}

    @extend_schema(operation_id="service_accounts_list", responses=ServiceAccountListOut)
    def get(self, request: Request) -> Response:
        rows = [ServiceAccountOut(row).data for row in service_accounts_of(self.account)]
        return Response({"object": "list", "data": rows})

    @extend_schema(
        operation_id="service_accounts_create",
        request=ServiceAccountIn,
        responses={201: ServiceAccountOut},
    )
    def post(self, request: Request) -> Response:
        """A member that is no person. Give it keys with `POST /v1/keys {"service_account": id}`."""
        body = ServiceAccountIn(data=request.data)
        body.is_valid(raise_exception=True)
        made = service_account_create(
            account=self.account,
            asked_by=self.key,
            created_by=self.key.created_by,
            **body.validated_data,
        )
        return Response(ServiceAccountOut(made).data, status=201)


class ServiceAccountView(ApiView):
    scopes = {"GET": scopes.TEAM_READ, "DELETE": scopes.TEAM_WRITE}

    @extend_schema(operation_id="service_accounts_get", responses=ServiceAccountOut)
    def get(self, request: Request, service_id: int) -> Response:
        return Response(ServiceAccountOut(service_account_get(self.account, service_id)).data)

    @extend_schema(operation_id="service_accounts_delete", responses={204: None})
    def delete(self, request: Request, service_id: int) -> Response:
        """Deletes it and revokes its keys."""
        service_account_delete(account=self.account, service_id=service_id, asked_by=self.key)
        return Response(status=204)
