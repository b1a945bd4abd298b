"""GET and PUT /v1/billing/autotopup."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from motet_billing.money import usd
from motet_billing.stripe.autotopup import autotopup_set, spent_this_month
from motet_billing.stripe.customers import card_of
from motet_billing.stripe.models import CENT, AutoTopup
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.api.view import ApiView
from motet_platform.audit.services import audit
from motet_platform.config import get_config
from motet_platform.errors import InvalidRequest
from motet_platform.keys import scopes
from motet_platform.payments.amount import CentsField
from motet_platform.payments.customer import customer_known
from motet_platform.payments.rail import answered, require_stripe
from motet_platform.payments.views import MAX_CENTS, MIN_CENTS


class AutoTopupIn(serializers.Serializer[dict[str, Any]]):
    enabled = serializers.BooleanField()
    threshold = CentsField(most=MAX_CENTS, help_text="Top up when less than this is available.")
    amount = CentsField(least=MIN_CENTS, most=MAX_CENTS)
    monthly_cap = CentsField(most=100 * MAX_CENTS, help_text="At most this much per month (UTC).")


class AutoTopupOut(AutoTopupIn):
    object = serializers.CharField()
    spent_this_month = serializers.CharField()
    failures = serializers.IntegerField()
    stopped = serializers.CharField(
        help_text="Why it was turned off: `authentication_required` means that the person must "
        "top up by hand; else the reason of the last of three declines."
    )


class AutoTopupView(ApiView):
    scopes = {"GET": scopes.BILLING, "PUT": scopes.BILLING}

    @extend_schema(operation_id="billing_autotopup", responses=AutoTopupOut)
    def get(self, request: Request) -> Response:
        """The account's automatic top-up, off where it was never set."""
        require_stripe()
        rule = AutoTopup.objects.filter(wallet=self.account.wallet).first()
        return Response(_shown(rule, self.account.wallet.pk))

    @extend_schema(
        operation_id="billing_autotopup_set", request=AutoTopupIn, responses=AutoTopupOut
    )
    def put(self, request: Request) -> Response:
        """Set it. Turning it on needs a saved card: top up once by Checkout."""
        with answered() as client:
            body = AutoTopupIn(data=request.data)
            body.is_valid(raise_exception=True)
            given = body.validated_data
            if given["enabled"]:
                customer = customer_known(self.account)
                if get_config().stripe_tax:
                    raise InvalidRequest(
                        "Tax is worked out on Stripe's page, so here top-ups are made by hand.",
                        code="autotopup_without_tax",
                    )
                if customer is None or card_of(client, customer.stripe_id or "") is None:
                    raise InvalidRequest(
                        "There is no saved card: top up once, then turn this on.",
                        code="no_saved_card",
                    )
        with transaction.atomic():
            rule = autotopup_set(
                wallet_id=self.account.wallet.pk,
                enabled=given["enabled"],
                threshold=given["threshold"] * CENT,
                cents=given["amount"],
                monthly_cap_cents=given["monthly_cap"],
            )
            audit(self.account, "billing.autotopup", self.account.slug, after=_set(rule))
        return Response(_shown(rule, self.account.wallet.pk))


def _set(rule: AutoTopup) -> dict[str, Any]:
    return {
        "enabled": rule.enabled,
        "threshold": usd(rule.threshold),
        "amount": usd(rule.cents * CENT),
        "monthly_cap": usd(rule.monthly_cap_cents * CENT),
    }


def _shown(rule: AutoTopup | None, wallet_id: int) -> dict[str, Any]:
    return {
        "object": "autotopup",
        "enabled": rule is not None and rule.enabled,
        "threshold": usd(rule.threshold) if rule else "5.00",
        "amount": usd(rule.cents * CENT) if rule else "20.00",
        "monthly_cap": usd(rule.monthly_cap_cents * CENT) if rule else "100.00",
        "spent_this_month": usd(spent_this_month(wallet_id) * CENT),
        "failures": rule.failures if rule else 0,
        "stopped": rule.stopped if rule else "",
    }
