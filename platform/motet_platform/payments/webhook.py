"""POST /v1/webhooks/stripe: verified, stored, answered. The tasks process does the rest."""

from __future__ import annotations

import json

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from motet_billing.stripe.events import event_store
from stripe import SignatureVerificationError, WebhookSignature

from motet_platform.errors import InvalidRequest, MotetError, error_body
from motet_platform.outbox.services import task_add
from motet_platform.payments.rail import webhook_secret

TOLERANCE_S = 300


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> JsonResponse:
    """200 once the event is on record, however often it comes."""
    try:
        _take(request.body, request.headers.get("stripe-signature", ""))
    except MotetError as error:
        return JsonResponse(error_body(error), status=error.status)
    return JsonResponse({"received": True})


def _take(body: bytes, signature: str) -> None:
    secret = webhook_secret()
    try:
        text = body.decode()
        WebhookSignature.verify_header(text, signature, secret, TOLERANCE_S)
        payload = json.loads(text)
    except (SignatureVerificationError, ValueError):
        raise InvalidRequest(
            "The signature does not belong to this body and secret, or is too old.",
            code="invalid_signature",
        ) from None
    with transaction.atomic():
        if event_store(payload):
            task_add(kind="stripe.event", payload={"event": payload["id"]})
