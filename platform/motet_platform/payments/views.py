"""/v1/billing/{settings,checkout,portal,payments}: paying, and what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from motet_billing.money import usd
from motet_billing.stripe.autotopup import autotopup_settle
from motet_billing.stripe.checkout import checkout_open
from motet_billing.stripe.customers import portal_url
from motet_billing.stripe.models import CENT, Payment
from motet_billing.stripe.settle import payment_sync
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.api.paging import MAX_LIMIT
from motet_platform.api.view import ApiView
from motet_platform.config import get_config
from motet_platform.errors import InvalidRequest, NotFound
from motet_platform.keys import scopes
from motet_platform.payments.amount import CentsField
from motet_platform.payments.customer import customer_for, customer_known
from motet_platform.payments.rail import answered, require_stripe

MIN_CENTS, MAX_CENTS = 500, 1_000_000
ASK_AGAIN = timedelta(seconds=2)


class SettingsOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    stripe = serializers.ChoiceField(choices=["off", "sandbox", "live"])
    tax = serializers.BooleanField(help_text="Whether Stripe adds tax to a top-up.")
    min_amount = serializers.CharField()
    max_amount = serializers.CharField()
    disputed = serializers.BooleanField(help_text="A payment of the account is disputed.")


class SettingsView(ApiView):
    scopes = {"GET": scopes.BILLING}

    @extend_schema(operation_id="billing_settings", responses=SettingsOut)
    def get(self, request: Request) -> Response:
        """Whether and how this installation takes payments."""
        config, customer = get_config(), customer_known(self.account)
        return Response(
            {
                "object": "billing_settings",
                "stripe": config.stripe,
                "tax": config.stripe_tax,
                "min_amount": usd(MIN_CENTS * CENT),
                "max_amount": usd(MAX_CENTS * CENT),
                "disputed": customer is not None and customer.disputed_at is not None,
            }
        )


class CheckoutIn(serializers.Serializer[dict[str, Any]]):
    amount = CentsField(least=MIN_CENTS, most=MAX_CENTS)


class PaymentOut(serializers.Serializer[Payment]):
    """A top-up. `url` is where to pay it, while it is open."""

    object = serializers.CharField(default="payment")
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Payment.Kind.choices)
    state = serializers.ChoiceField(choices=Payment.State.choices)
    amount = CentsField(source="cents", help_text="USD of credit.")
    paid = CentsField(source="received", help_text="USD that was charged, with tax.")
    url = serializers.CharField()
    receipt_url = serializers.CharField()
    error = serializers.CharField()
    created_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)


class CheckoutView(ApiView):
    scopes = {"POST": scopes.BILLING}

    @extend_schema(operation_id="billing_checkout", request=CheckoutIn, responses={201: PaymentOut})
    def post(self, request: Request) -> Response:
        """Begin a top-up: send the person to `url`, where the card is also saved."""
        require_stripe()
        body = CheckoutIn(data=request.data)
        body.is_valid(raise_exception=True)
        config = get_config()
        with answered() as client:
            payment = checkout_open(
                client,
                customer=customer_for(client, self.account),
                cents=body.validated_data["amount"],
                return_url=f"{config.public_url}/billing",
                tax=config.stripe_tax,
            )
        return Response(PaymentOut(payment).data, status=201)


class PortalOut(serializers.Serializer[dict[str, Any]]):
    url = serializers.CharField()


class PortalView(ApiView):
    scopes = {"POST": scopes.BILLING}

    @extend_schema(operation_id="billing_portal", request=None, responses={201: PortalOut})
    def post(self, request: Request) -> Response:
        """A short-lived address where cards, invoices and tax ids are managed."""
        with answered() as client:
            url = portal_url(
                client,
                customer=customer_for(client, self.account),
                return_url=f"{get_config().public_url}/billing",
            )
        return Response({"url": url}, status=201)


class PaymentQuery(serializers.Serializer[dict[str, Any]]):
    limit = serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, default=50)
    after = serializers.UUIDField(required=False, help_text="`next` of the page before.")


class PaymentListOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = PaymentOut(many=True)  # type: ignore[assignment]
    has_more = serializers.BooleanField()
    next = serializers.CharField(allow_null=True)


class PaymentsView(ApiView):
    scopes = {"GET": scopes.BILLING}

    @extend_schema(
        operation_id="billing_payments", parameters=[PaymentQuery], responses=PaymentListOut
    )
    def get(self, request: Request) -> Response:
        """The account's top-ups, newest first."""
        query = PaymentQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        limit, after = query.validated_data["limit"], query.validated_data.get("after")
        ours = Payment.objects.filter(wallet=self.account.wallet)
        rows = ours.order_by("-created_at", "-pk")
        if after is not None:
            last = ours.filter(pk=after).first()
            if last is None:
                raise InvalidRequest("No top-up has this id.", param="after")
            older = Q(created_at=last.created_at, pk__lt=last.pk)
            rows = rows.filter(Q(created_at__lt=last.created_at) | older)
        found = list(rows[: limit + 1])
        has_more = len(found) > limit
        return Response(
            {
                "object": "list",
                "data": [PaymentOut(row).data for row in found[:limit]],
                "has_more": has_more,
                "next": str(found[limit - 1].pk) if has_more else None,
            }
        )


class PaymentView(ApiView):
    scopes = {"GET": scopes.BILLING}

    @extend_schema(operation_id="billing_payment", responses=PaymentOut)
    def get(self, request: Request, payment_id: UUID) -> Response:
        """One top-up. While it is open Stripe is asked, so a late webhook holds nobody up."""
        payment = Payment.objects.filter(pk=payment_id, wallet=self.account.wallet).first()
        if payment is None:
            raise NotFound
        waiting = payment.state in (Payment.State.NEW, Payment.State.OPEN)
        asked = payment.checked_at
        if waiting and (asked is None or asked < timezone.now() - ASK_AGAIN):
            with answered() as client:
                payment = payment_sync(client, payment.pk)
            autotopup_settle(payment)
        return Response(PaymentOut(payment).data)
