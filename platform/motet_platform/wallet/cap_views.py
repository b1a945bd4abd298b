"""/v1/billing/caps and /v1/billing/alerts."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from motet_billing.money import usd
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from motet_platform.api.view import ApiView
from motet_platform.audit.services import audit
from motet_platform.errors import InvalidRequest
from motet_platform.keys import scopes
from motet_platform.keys.models import ApiKey
from motet_platform.wallet.alerts import alert_settings, alert_settings_change
from motet_platform.wallet.caps import CapIn, CapOut, account_cap_set, cap_shown, caps_of
from motet_platform.wallet.models import AlertSettings
from motet_platform.wallet.webhook import WebhookRefused, secret_of


class CapsIn(serializers.Serializer[dict[str, Any]]):
    account = CapIn(allow_null=True, help_text="null lifts the cap.")


class KeyCapOut(CapOut):
    key_id = serializers.IntegerField()
    prefix = serializers.CharField()
    name = serializers.CharField()


class CapsOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    account = CapOut(allow_null=True)
    keys = KeyCapOut(many=True)


class CapsView(ApiView):
    scopes = {"GET": scopes.BILLING, "PUT": scopes.BILLING}

    @extend_schema(operation_id="billing_caps", responses=CapsOut)
    def get(self, request: Request) -> Response:
        """The spend caps of the account and of its live keys."""
        found = caps_of(self.account)
        capped = [key_id for key_id in found if key_id is not None]
        keys = ApiKey.objects.filter(account=self.account, revoked_at=None, pk__in=capped)
        return Response(
            {
                "object": "caps",
                "account": cap_shown(found.get(None)),
                "keys": [
                    {"key_id": key.pk, "prefix": key.prefix, "name": key.name}
                    | (cap_shown(found[key.pk]) or {})
                    for key in keys.order_by("pk")
                ],
            }
        )

    @extend_schema(operation_id="billing_caps_set", request=CapsIn, responses=CapsOut)
    def put(self, request: Request) -> Response:
        """Sets or lifts the account's cap. A key's own is set at /v1/keys/{id}."""
        body = CapsIn(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data["account"]
        with transaction.atomic():
            account_cap_set(self.account, asked)
            shown = asked and {"limit": usd(asked.limit), "period": asked.period}
            audit(self.account, "billing.cap", self.account.slug, after={"spend_cap": shown})
        return self.get(request)


class AlertsIn(serializers.Serializer[dict[str, Any]]):
    email = serializers.BooleanField(default=True)
    webhook_url = serializers.URLField(max_length=500, allow_null=True, default=None)


class AlertsOut(serializers.Serializer[dict[str, Any]]):
    object = serializers.CharField()
    email = serializers.BooleanField(help_text="To the account's owners and administrators.")
    webhook_url = serializers.CharField(allow_null=True)
    webhook_secret = serializers.CharField(
        allow_null=True, help_text="Calls are signed with it, as standardwebhooks.com describes."
    )


class AlertsView(ApiView):
    scopes = {"GET": scopes.BILLING, "PUT": scopes.BILLING}

    @extend_schema(operation_id="billing_alerts", responses=AlertsOut)
    def get(self, request: Request) -> Response:
        """Where the account is told that a cap has reached 80 % or 100 %."""
        return Response(_alerts(alert_settings(self.account)))

    @extend_schema(operation_id="billing_alerts_set", request=AlertsIn, responses=AlertsOut)
    def put(self, request: Request) -> Response:
        """Replaces the settings. A new webhook address gets a new secret."""
        body = AlertsIn(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        try:
            changed = alert_settings_change(
                self.account, email=asked["email"], webhook_url=asked["webhook_url"] or ""
            )
        except WebhookRefused as error:
            raise InvalidRequest(str(error), param="webhook_url") from None
        return Response(_alerts(changed))


def _alerts(settings: AlertSettings) -> dict[str, Any]:
    there = bool(settings.webhook_url)
    return {
        "object": "alerts",
        "email": settings.email,
        "webhook_url": settings.webhook_url or None,
        "webhook_secret": secret_of(settings.account_id, settings.generation) if there else None,
    }
