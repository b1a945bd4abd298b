"""GET /v1/billing/{invoices,payment_methods}: what Stripe keeps for the account, read there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from motet_billing.money import usd
from motet_billing.stripe.client import answers
from motet_billing.stripe.customers import card_of
from motet_billing.stripe.models import CENT
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from stripe import Invoice

from motet_platform.api.view import ApiView
from motet_platform.keys import scopes
from motet_platform.payments.customer import customer_known
from motet_platform.payments.rail import answered


class InvoiceOut(serializers.Serializer[dict[str, Any]]):
    id = serializers.CharField()
    number = serializers.CharField(allow_null=True)
    status = serializers.CharField(allow_null=True)
    total = serializers.CharField(help_text="USD, with tax.")
    created_at = serializers.DateTimeField()
    url = serializers.CharField(allow_null=True)
    pdf = serializers.CharField(allow_null=True)


class InvoiceListOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = InvoiceOut(many=True)  # type: ignore[assignment]


class InvoicesView(ApiView):
    scopes = {"GET": scopes.BILLING}

    @extend_schema(operation_id="billing_invoices", responses=InvoiceListOut)
    def get(self, request: Request) -> Response:
        """The account's latest 100 invoices, newest first."""
        with answered() as client, answers():
            customer = customer_known(self.account)
            found = (
                client.v1.invoices.list({"customer": customer.stripe_id or "", "limit": 100}).data
                if customer
                else []
            )
        return Response({"object": "list", "data": [_invoice(invoice) for invoice in found]})


class PaymentMethodOut(serializers.Serializer[dict[str, Any]]):
    id = serializers.CharField()
    brand = serializers.CharField()
    last4 = serializers.CharField()
    expires = serializers.CharField(help_text="Month and year: 12/2040.")
    default = serializers.BooleanField()


class PaymentMethodListOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    data = PaymentMethodOut(many=True)  # type: ignore[assignment]


class PaymentMethodsView(ApiView):
    scopes = {"GET": scopes.BILLING}

    @extend_schema(operation_id="billing_payment_methods", responses=PaymentMethodListOut)
    def get(self, request: Request) -> Response:
        """The account's saved cards. They are changed in the portal."""
        cards: list[dict[str, Any]] = []
        with answered() as client, answers():
            customer = customer_known(self.account)
            if customer and customer.stripe_id:
                default = card_of(client, customer.stripe_id)
                listed = client.v1.payment_methods.list(
                    {"customer": customer.stripe_id, "type": "card", "limit": 100}
                )
                cards = [
                    {
                        "id": method.id,
                        "brand": method.card.brand,
                        "last4": method.card.last4,
                        "expires": f"{method.card.exp_month:02d}/{method.card.exp_year}",
                        "default": method.id == default,
                    }
                    for method in listed.data
                    if method.card is not None
                ]
        return Response({"object": "list", "data": cards})


def _invoice(invoice: Invoice) -> dict[str, Any]:
    return {
        "id": invoice.id,
        "number": invoice.number,
        "status": invoice.status,
        "total": usd(invoice.total * CENT),
        "created_at": datetime.fromtimestamp(invoice.created, UTC),
        "url": invoice.hosted_invoice_url,
        "pdf": invoice.invoice_pdf,
    }
