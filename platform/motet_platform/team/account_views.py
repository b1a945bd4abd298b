"""/v1/account, and /auth/accounts for another one."""

from __future__ import annotations

from typing import Any

from django.core.validators import ProhibitNullCharactersValidator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.accounts.models import SLUG, Account
from motet_platform.accounts.services import account_open
from motet_platform.accounts.session_views import AccountOfMineOut
from motet_platform.api.session import SessionView
from motet_platform.api.view import ApiView
from motet_platform.keys import scopes
from motet_platform.team.account import account_delete, account_update

SHORTEST_RETENTION = 30  # days: what is newer may still be asked about


class AccountOut(serializers.ModelSerializer[Account]):
    class Meta:
        model = Account
        fields = ["id", "slug", "name", "retention_days", "created_at"]


class AccountIn(serializers.Serializer[dict[str, Any]]):
    name = serializers.CharField(max_length=120, required=False)
    retention_days = serializers.IntegerField(
        min_value=SHORTEST_RETENTION,
        max_value=3650,
        allow_null=True,
        required=False,
        help_text="For how many days single requests are shown; null: always. Sums and the books "
        "stay.",
    )


class AccountDeleteQuery(serializers.Serializer[dict[str, Any]]):
    confirm = serializers.CharField(max_length=40, help_text="The account's slug.")


class AccountView(ApiView):
    scopes = {"GET": scopes.ANY, "PATCH": scopes.ACCOUNT, "DELETE": scopes.OWNER}

    @extend_schema(operation_id="account_get", responses=AccountOut)
    def get(self, request: Request) -> Response:
        """The account that the key belongs to."""
        return Response(AccountOut(self.account).data)

    @extend_schema(operation_id="account_update", request=AccountIn, responses=AccountOut)
    def patch(self, request: Request) -> Response:
        """Changes what is given. The slug is fixed: model names begin with it."""
        body = AccountIn(data=request.data)
        body.is_valid(raise_exception=True)
        account = account_update(
            account=self.account, changes=body.validated_data, asked_by=self.key
        )
        return Response(AccountOut(account).data)

    @extend_schema(
        operation_id="account_delete", parameters=[AccountDeleteQuery], responses={204: None}
    )
    def delete(self, request: Request) -> Response:
        """Deletes the account with its keys, adapters and members. Unused credit is lost."""
        query = AccountDeleteQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        account_delete(
            account=self.account, confirm=query.validated_data["confirm"], asked_by=self.key
        )
        return Response(status=204)


class NewAccountIn(serializers.Serializer[dict[str, Any]]):
    name = serializers.CharField(max_length=120, validators=[ProhibitNullCharactersValidator()])
    slug = serializers.CharField(
        required=False, validators=[SLUG], help_text="First half of model names; from the e-mail."
    )


class MyAccountsView(SessionView):
    @extend_schema(
        operation_id="auth_accounts_create",
        request=NewAccountIn,
        responses={201: AccountOfMineOut},
    )
    def post(self, request: Request) -> Response:
        """Another account of one's own. It starts without credit."""
        body = NewAccountIn(data=request.data)
        body.is_valid(raise_exception=True)
        account = account_open(owner=self.person, **body.validated_data)
        membership = account.memberships.select_related("account").get()
        return Response(AccountOfMineOut(membership).data, status=201)
