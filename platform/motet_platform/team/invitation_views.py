"""/v1/invitations, and /auth/invitations for those who were invited."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.accounts.models import Role
from motet_platform.accounts.session_views import AccountOfMineOut
from motet_platform.api.session import SessionView
from motet_platform.api.view import ApiView
from motet_platform.keys import scopes
from motet_platform.team.invitations import (
    invitation_accept,
    invitation_create,
    invitation_revoke,
    invitations_for,
    invitations_open,
)
from motet_platform.team.link import token_of
from motet_platform.team.models import Invitation


class InvitationIn(serializers.Serializer[dict[str, Any]]):
    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=Role.choices)


class InvitationOut(serializers.Serializer[Invitation]):
    id = serializers.IntegerField()
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=Role.choices)
    invited_by = serializers.CharField(source="invited_by.email", default=None, allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class InvitationListOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = InvitationOut(many=True)  # type: ignore[assignment]


class InvitationsView(ApiView):
    scopes = {"GET": scopes.TEAM_READ, "POST": scopes.TEAM_WRITE}

    @extend_schema(operation_id="invitations_list", responses=InvitationListOut)
    def get(self, request: Request) -> Response:
        """Invitations that are open."""
        rows = [InvitationOut(row).data for row in invitations_open(self.account)]
        return Response({"object": "list", "data": rows})

    @extend_schema(
        operation_id="invitations_create", request=InvitationIn, responses={201: InvitationOut}
    )
    def post(self, request: Request) -> Response:
        """Invites somebody by mail, for a week."""
        body = InvitationIn(data=request.data)
        body.is_valid(raise_exception=True)
        invitation = invitation_create(
            account=self.account,
            asked_by=self.key,
            invited_by=self.key.created_by,
            **body.validated_data,
        )
        return Response(InvitationOut(invitation).data, status=201)


class InvitationView(ApiView):
    scopes = {"DELETE": scopes.TEAM_WRITE}

    @extend_schema(operation_id="invitations_revoke", responses={204: None})
    def delete(self, request: Request, invitation_id: int) -> Response:
        """The link in the mail leads nowhere any more."""
        invitation_revoke(account=self.account, invitation_id=invitation_id, asked_by=self.key)
        return Response(status=204)


class MyInvitationOut(serializers.Serializer[Invitation]):
    account = serializers.CharField(source="account.slug")
    account_name = serializers.CharField(source="account.name")
    role = serializers.ChoiceField(choices=Role.choices)
    invited_by = serializers.CharField(source="invited_by.email", default=None, allow_null=True)
    expires_at = serializers.DateTimeField()
    token = serializers.SerializerMethodField()

    def get_token(self, invitation: Invitation) -> str:
        return token_of(invitation.pk)


class MyInvitationListOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = MyInvitationOut(many=True)  # type: ignore[assignment]


class MyInvitationsView(SessionView):
    @extend_schema(operation_id="auth_invitations", responses=MyInvitationListOut)
    def get(self, request: Request) -> Response:
        """Accounts that have invited the person who is signed in."""
        rows = [MyInvitationOut(row).data for row in invitations_for(self.person)]
        return Response({"object": "list", "data": rows})


class AcceptIn(serializers.Serializer[dict[str, Any]]):
    token = serializers.CharField(max_length=500)


class AcceptView(SessionView):
    @extend_schema(
        operation_id="auth_invitations_accept", request=AcceptIn, responses=AccountOfMineOut
    )
    def post(self, request: Request) -> Response:
        """Joins the account that the token's invitation is for."""
        body = AcceptIn(data=request.data)
        body.is_valid(raise_exception=True)
        membership = invitation_accept(token=body.validated_data["token"], user=self.person)
        return Response(AccountOfMineOut(membership).data)
