"""/v1/members."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.accounts.models import Membership, Role
from motet_platform.accounts.selectors import members_of
from motet_platform.api.view import ApiView
from motet_platform.keys import scopes
from motet_platform.team.members import member_remove, member_role_set


class MemberOut(serializers.Serializer[Membership]):
    id = serializers.IntegerField()
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")
    role = serializers.ChoiceField(choices=Role.choices)
    created_at = serializers.DateTimeField()


class MemberIn(serializers.Serializer[dict[str, Any]]):
    role = serializers.ChoiceField(choices=Role.choices)


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


class MemberView(ApiView):
    # Whoever sees the team may leave it; to remove others takes more.
    scopes = {"PATCH": scopes.TEAM_WRITE, "DELETE": scopes.TEAM_READ}

    @extend_schema(operation_id="members_update", request=MemberIn, responses=MemberOut)
    def patch(self, request: Request, member_id: int) -> Response:
        """Another role. It takes effect at once, and the member's keys lose what it may not do."""
        body = MemberIn(data=request.data)
        body.is_valid(raise_exception=True)
        membership = member_role_set(
            account=self.account,
            member_id=member_id,
            role=body.validated_data["role"],
            asked_by=self.key,
        )
        return Response(MemberOut(membership).data)

    @extend_schema(operation_id="members_remove", responses={204: None})
    def delete(self, request: Request, member_id: int) -> Response:
        """Removes a member, or yourself, and revokes the keys that they made."""
        member_remove(account=self.account, member_id=member_id, asked_by=self.key)
        return Response(status=204)
