"""/v1/operator/accounts/{slug}/grant, /v1/operator/adjustments: credit by the operator's hand."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from motet_billing.money import picodollars, usd
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.accounts.models import User
from motet_platform.accounts.selectors import account_get
from motet_platform.api.paging import Page, PageQuery
from motet_platform.staff.view import StaffView
from motet_platform.wallet.adjustments import adjustment_ask, adjustment_decide
from motet_platform.wallet.models import Adjustment


class GrantIn(serializers.Serializer[dict[str, Any]]):
    amount = serializers.CharField(max_length=40, help_text="USD, such as 25.00.")
    reason = serializers.CharField(
        max_length=500,
        default="granted by the operator",
        help_text="Stands in the customer's ledger as well.",
    )
    once = serializers.CharField(
        max_length=100, required=False, help_text="A name for this grant: it grants only once."
    )

    def validate_amount(self, value: str) -> int:
        try:
            amount = picodollars(value)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None
        if amount <= 0:
            raise serializers.ValidationError("Grant a positive amount.")
        return amount


class AdjustmentOut(serializers.Serializer[Adjustment]):
    """Credit given or taken by hand. `waiting`: another one of the staff has to approve it."""

    object = serializers.CharField(default="adjustment")
    id = serializers.IntegerField()
    account = serializers.CharField(source="account.slug")
    amount = serializers.SerializerMethodField(help_text="USD; negative was taken away.")
    lot_kind = serializers.ChoiceField(choices=["promo", "paid"])
    reason = serializers.CharField()
    once = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(choices=Adjustment.State.choices)
    asked_by = serializers.CharField(source="asked_by.email")
    decided_by = serializers.CharField(source="decided_by.email", default=None, allow_null=True)
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)

    def get_amount(self, adjustment: Adjustment) -> str:
        return usd(adjustment.amount)


class AdjustmentQuery(PageQuery):
    account = serializers.CharField(required=False, help_text="A slug.")
    state = serializers.ChoiceField(choices=Adjustment.State.choices, required=False)


class AdjustmentPageOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = AdjustmentOut(many=True)  # type: ignore[assignment]
    has_more = serializers.BooleanField()
    next = serializers.CharField(allow_null=True)


class AdjusterView(StaffView):
    @property
    def person(self) -> User:
        person = self.key.created_by
        assert person is not None, "the scope comes with a person"
        return person


class StaffGrantView(AdjusterView):
    @extend_schema(
        operation_id="operator_grant",
        request=GrantIn,
        responses={200: AdjustmentOut, 202: AdjustmentOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Gives an account credit. 202: with MOTET_FOUR_EYES it waits for another's approval."""
        body = GrantIn(data=request.data)
        body.is_valid(raise_exception=True)
        asked = adjustment_ask(
            account=account_get(slug), by=self.person, lot_kind="paid", **body.validated_data
        )
        waits = asked.state == Adjustment.State.WAITING
        return Response(AdjustmentOut(asked).data, status=202 if waits else 200)


class StaffAdjustmentsView(AdjusterView):
    @extend_schema(
        operation_id="operator_adjustments",
        parameters=[AdjustmentQuery],
        responses=AdjustmentPageOut,
    )
    def get(self, request: Request) -> Response:
        """Credit given and taken by hand, newest first: what was posted, refused, and waits."""
        query = AdjustmentQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        page = Page.of(request)
        rows = Adjustment.objects.select_related("account", "asked_by", "decided_by")
        if "account" in asked:
            rows = rows.filter(account=account_get(asked["account"]))
        if "state" in asked:
            rows = rows.filter(state=asked["state"])
        if page.after is not None:
            rows = rows.filter(pk__lt=page.after)
        found = list(rows.order_by("-pk")[: page.limit + 1])
        return Response(page.body(found, lambda a: AdjustmentOut(a).data, lambda a: a.pk))


class StaffApproveView(AdjusterView):
    @extend_schema(
        operation_id="operator_adjustment_approve", request=None, responses=AdjustmentOut
    )
    def post(self, request: Request, adjustment_id: int) -> Response:
        """Posts an adjustment that waits; whoever asked for it cannot."""
        done = adjustment_decide(adjustment_id=adjustment_id, by=self.person, approve=True)
        return Response(AdjustmentOut(done).data)


class StaffRefuseView(AdjusterView):
    @extend_schema(operation_id="operator_adjustment_refuse", request=None, responses=AdjustmentOut)
    def post(self, request: Request, adjustment_id: int) -> Response:
        """Ends an adjustment that waits; nothing moves."""
        done = adjustment_decide(adjustment_id=adjustment_id, by=self.person, approve=False)
        return Response(AdjustmentOut(done).data)
