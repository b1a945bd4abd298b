"""GET /v1/members."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.accounts.models import Membership
from motet_platform.accounts.selectors import members_of
from motet_platform.api.view import ApiView
from motet_platform.keys import scopes


class MemberOut(serializers.Serializer[Membership]):
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")
    role = serializers.CharField()
    created_at = serializers.DateTimeField()


class MemberListOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = MemberOut(many=True)  # type: ignore[assignment]


class MembersView(ApiView):
    scopes = {"GET": scopes.TEAM_READ}

    @extend_schema(operation_id="members_list", responses=MemberListOut)
    def get(self, request: Request) -> Response:
        """The people of the account."""
        members = [MemberOut(member).data for member in members_of(self.account)]
        return Response({"object": "list", "data": members})
