"""/v1/operator/accounts, spend and stats: every account, and what staff may do to one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from motet_billing import selectors as billing
from motet_billing.money import usd
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.accounts.models import Account, Role
from motet_platform.accounts.selectors import account_get
from motet_platform.accounts.services import account_suspend
from motet_platform.api.paging import Page, PageQuery
from motet_platform.metering.requests import requests_where
from motet_platform.metering.stats_views import StatsOut, StatsQuery, priced, stats_body
from motet_platform.metering.views import Span
from motet_platform.staff.selectors import accounts_all, spend_by_account
from motet_platform.staff.view import StaffView


class StaffAccountQuery(PageQuery):
    search = serializers.CharField(
        required=False, max_length=100, help_text="In slug, name or a member's e-mail."
    )


class StaffAccountOut(serializers.Serializer[Account]):
    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    owners = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    suspended_at = serializers.DateTimeField(allow_null=True)
    deleted_at = serializers.DateTimeField(allow_null=True)
    available = serializers.SerializerMethodField(help_text="USD.")
    reserved = serializers.SerializerMethodField(help_text="USD, held for what runs now.")
    spent_30d = serializers.SerializerMethodField(help_text="USD.")
    requests_30d = serializers.SerializerMethodField()

    def get_owners(self, account: Account) -> list[str]:
        members = account.memberships.filter(role=Role.OWNER).select_related("user")
        return [member.user.email for member in members]

    def get_available(self, account: Account) -> str:
        return usd(billing.balance(account.pk).available)

    def get_reserved(self, account: Account) -> str:
        return usd(billing.balance(account.pk).reserved)

    def get_spent_30d(self, account: Account) -> str:
        return usd(self._spend(account)["cost"])

    def get_requests_30d(self, account: Account) -> int:
        return int(self._spend(account)["requests"])

    def _spend(self, account: Account) -> dict[str, Any]:
        spend: dict[int, dict[str, Any]] = self.context["spend"]
        return spend.get(account.pk, {"cost": 0, "requests": 0})


class StaffAccountPageOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = StaffAccountOut(many=True)  # type: ignore[assignment]
    has_more = serializers.BooleanField()
    next = serializers.CharField(allow_null=True)


class StaffAccountsView(StaffView):
    @extend_schema(
        operation_id="operator_accounts",
        parameters=[StaffAccountQuery],
        responses=StaffAccountPageOut,
    )
    def get(self, request: Request) -> Response:
        """All accounts, newest first."""
        query = StaffAccountQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        page = Page.of(request)
        accounts = accounts_all(search=query.validated_data.get("search", ""))
        if page.after is not None:
            accounts = accounts.filter(pk__lt=page.after)
        rows = list(accounts[: page.limit + 1])
        context = {"spend": _spend_30d(rows)}
        return Response(
            page.body(rows, lambda a: StaffAccountOut(a, context=context).data, lambda a: a.pk)
        )


class StaffSuspendView(StaffView):
    @extend_schema(operation_id="operator_suspend", request=None, responses=StaffAccountOut)
    def post(self, request: Request, slug: str) -> Response:
        """Stops every key and every member of an account at once."""
        return _one(account_suspend(account=account_get(slug), suspended=True))


class StaffResumeView(StaffView):
    @extend_schema(operation_id="operator_resume", request=None, responses=StaffAccountOut)
    def post(self, request: Request, slug: str) -> Response:
        """Lets a suspended account work again."""
        return _one(account_suspend(account=account_get(slug), suspended=False))


class SpendQuery(Span):
    limit = serializers.IntegerField(min_value=1, max_value=1_000, default=100)


class SpendRowOut(serializers.Serializer[dict[str, Any]]):
    account_id = serializers.IntegerField()
    account = serializers.CharField()
    requests = serializers.IntegerField()
    errors = serializers.IntegerField()  # type: ignore[assignment]
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    cost = serializers.CharField(help_text="USD, an exact decimal.")


class SpendOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    data = SpendRowOut(many=True)  # type: ignore[assignment]


class StaffSpendView(StaffView):
    @extend_schema(operation_id="operator_spend", parameters=[SpendQuery], responses=SpendOut)
    def get(self, request: Request) -> Response:
        """What each account used, the biggest spenders first."""
        query = SpendQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        rows = spend_by_account(start=asked["start"], end=asked["end"], limit=asked["limit"])
        return Response(
            {
                "object": "list",
                "start": asked["start"],
                "end": asked["end"],
                "data": [priced(row) for row in rows],
            }
        )


class StaffStatsView(StaffView):
    @extend_schema(operation_id="operator_stats", parameters=[StatsQuery], responses=StatsOut)
    def get(self, request: Request) -> Response:
        """The figures of /v1/stats over all accounts together."""
        query = StatsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        return Response(stats_body(requests_where(query.validated_data), query.validated_data))


def _one(account: Account) -> Response:
    return Response(StaffAccountOut(account, context={"spend": _spend_30d([account])}).data)


def _spend_30d(accounts: list[Account]) -> dict[int, dict[str, Any]]:
    end = timezone.now()
    rows = spend_by_account(
        start=end - timedelta(days=30),
        end=end,
        limit=len(accounts),
        among=[account.pk for account in accounts],
    )
    return {row["account_id"]: row for row in rows}
