"""/v1/billing/{balance,ledger}: what an account has, and what moved it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from motet_billing import selectors
from motet_billing.money import usd
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.api.paging import Page, PageQuery
from motet_platform.api.view import ApiView
from motet_platform.keys import scopes


class LotOut(serializers.Serializer[dict[str, Any]]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    amount = serializers.CharField()
    remaining = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)


class BalanceOut(serializers.Serializer[dict[str, Any]]):
    """Amounts are exact decimals in USD."""

    object = serializers.CharField()
    posted = serializers.CharField(help_text="What the account has.")
    reserved = serializers.CharField(help_text="Of that, held for requests that run now.")
    available = serializers.CharField()
    lots = LotOut(many=True)


class BalanceView(ApiView):
    scopes = {"GET": scopes.BILLING}

    @extend_schema(operation_id="billing_balance", responses=BalanceOut)
    def get(self, request: Request) -> Response:
        """The account's credit, lot by lot in the order in which they pay."""
        balance = selectors.balance(self.account.pk)
        return Response(
            {
                "object": "balance",
                "posted": usd(balance.posted),
                "reserved": usd(balance.reserved),
                "available": usd(balance.available),
                "lots": [
                    {
                        "id": lot.id,
                        "kind": lot.kind,
                        "amount": usd(lot.amount),
                        "remaining": usd(lot.remaining),
                        "expires_at": lot.expires_at,
                    }
                    for lot in balance.lots
                ],
            }
        )


class LineLotOut(serializers.Serializer[dict[str, Any]]):
    lot = serializers.IntegerField()
    amount = serializers.CharField()


class LineOut(serializers.Serializer[dict[str, Any]]):
    id = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    kind = serializers.CharField()
    reference = serializers.CharField()
    amount = serializers.CharField(help_text="USD; credit is positive, a charge negative.")
    memo = serializers.CharField()
    request_id = serializers.CharField(allow_null=True, help_text="What a capture paid for.")
    lots = LineLotOut(many=True)


class LedgerOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = LineOut(many=True)  # type: ignore[assignment]
    has_more = serializers.BooleanField()
    next = serializers.CharField(allow_null=True)


class LedgerView(ApiView):
    scopes = {"GET": scopes.BILLING}

    @extend_schema(operation_id="billing_ledger", parameters=[PageQuery], responses=LedgerOut)
    def get(self, request: Request) -> Response:
        """Everything that moved the account's credit, newest first."""
        page = Page.of(request)
        lines = selectors.ledger(self.account.pk, limit=page.limit + 1, before=page.after)
        return Response(page.body(lines, _line, lambda line: line.id))


def _line(line: selectors.StatementLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "created_at": line.created_at,
        "kind": line.kind,
        "reference": line.key,
        "amount": usd(line.amount),
        "memo": line.memo,
        "request_id": line.request_id,
        "lots": [{"lot": lot, "amount": usd(amount)} for lot, amount in line.lots],
    }
