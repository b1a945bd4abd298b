"""/auth/session and /auth/token: who is signed in, and the token that /v1 takes from them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.accounts.models import Membership, User
from motet_platform.accounts.roles import member_scopes
from motet_platform.accounts.selectors import memberships_of
from motet_platform.api.session import SessionView
from motet_platform.errors import NotFound, PermissionDenied, error_body
from motet_platform.keys.tokens import token_issue


class AccountOfMineOut(serializers.Serializer[Membership]):
    id = serializers.IntegerField(source="account.pk")
    slug = serializers.CharField(source="account.slug")
    name = serializers.CharField(source="account.name")
    role = serializers.CharField()
    suspended = serializers.SerializerMethodField()

    def get_suspended(self, membership: Membership) -> bool:
        return membership.account.suspended_at is not None


class PersonOut(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "email", "name", "is_staff", "created_at"]
        read_only_fields = fields


class PersonIn(serializers.Serializer[dict[str, Any]]):
    name = serializers.CharField(max_length=120, allow_blank=True)


class SessionOut(serializers.Serializer[dict[str, Any]]):
    user = PersonOut()
    accounts = AccountOfMineOut(many=True)


class TokenIn(serializers.Serializer[dict[str, Any]]):
    account = serializers.CharField(
        max_length=40, allow_null=True, required=False, help_text="A slug; null: the first."
    )


class TokenOut(serializers.Serializer[dict[str, Any]]):
    token = serializers.CharField(help_text="Bearer for /v1, of minutes.")
    expires_at = serializers.DateTimeField()
    account = AccountOfMineOut()
    scopes = serializers.ListField(child=serializers.CharField())
    accounts = AccountOfMineOut(many=True)


class SessionInfoView(SessionView):
    @extend_schema(operation_id="auth_session", responses=SessionOut)
    def get(self, request: Request) -> Response:
        """Who is signed in, and their accounts; 401 `not_signed_in` sets the CSRF cookie too."""
        return Response(
            {
                "user": PersonOut(self.person).data,
                "accounts": [AccountOfMineOut(m).data for m in memberships_of(self.person)],
            }
        )

    @extend_schema(operation_id="auth_session_update", request=PersonIn, responses=PersonOut)
    def patch(self, request: Request) -> Response:
        """Changes the person's name. E-mail and password are allauth's."""
        body = PersonIn(data=request.data)
        body.is_valid(raise_exception=True)
        self.person.name = body.validated_data["name"]
        self.person.save(update_fields=["name"])
        return Response(PersonOut(self.person).data)


class TokenView(SessionView):
    @extend_schema(operation_id="auth_token", request=TokenIn, responses=TokenOut)
    def post(self, request: Request) -> Response:
        """Exchanges the session for a short-lived Bearer that acts for one account."""
        body = TokenIn(data=request.data)
        body.is_valid(raise_exception=True)
        mine = list(memberships_of(self.person))
        membership = _chosen(mine, body.validated_data.get("account"))
        session_key = request._request.session.session_key
        assert session_key is not None, "signed in by this session"
        token = token_issue(membership=membership, session_key=session_key)
        scopes = member_scopes(membership.role, staff=self.person.is_staff)
        return Response(
            {
                "token": token.secret,
                "expires_at": token.expires_at,
                "account": AccountOfMineOut(membership).data,
                "scopes": sorted(scopes),
                "accounts": [AccountOfMineOut(m).data for m in mine],
            }
        )


def _chosen(mine: list[Membership], slug: str | None) -> Membership:
    if not mine:
        raise NotFound("You have no account yet: make one first.", code="no_account")
    for membership in mine:
        if slug in (None, membership.account.slug):
            return membership
    raise NotFound("You have no such account.", code="account_not_found", param="account")


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:
    """Django's answer to a failed CSRF check, in our shape."""
    error = PermissionDenied(
        "The CSRF check failed: send the cookie motet_csrf's value as X-CSRFToken.",
        code="csrf_failed",
    )
    return JsonResponse(error_body(error), status=error.status)
