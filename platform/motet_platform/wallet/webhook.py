"""Signed calls to an address that a tenant chose, in the form of Standard Webhooks.

The address is a tenant's word: `egress` refuses it where it leads inside this network. Redirects
are not followed.
"""

from __future__ import annotations

import base64
import hmac
import time

import httpx

from motet_platform import egress
from motet_platform.config import get_config
from motet_platform.egress import EgressRefused, Unresolved

TIMEOUT_S = 10.0


class WebhookError(Exception):
    """The call was not accepted; it may be tried again."""


class WebhookRefused(Exception):
    """An address that is never called; the message is for its owner."""


def check_url(url: str) -> None:
    """WebhookRefused for what is no address of a webhook; nothing is resolved yet."""
    try:
        egress.parse(url, private=get_config().webhook_private)
    except EgressRefused as error:
        raise WebhookRefused(str(error)) from None


def secret_of(account_id: int, generation: int) -> str:
    """The signing secret of an account's webhook, in the form that libraries take."""
    label = f"alert-webhook:{account_id}:{generation}".encode()
    key = hmac.digest(get_config().require_secret_key().encode(), label, "sha256")
    return "whsec_" + base64.b64encode(key).decode()


def signature(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def deliver(url: str, *, event_id: str, body: bytes, secret: str) -> None:
    """POST the body, once. WebhookError; WebhookRefused."""
    private = get_config().webhook_private
    try:
        to = egress.resolve(egress.parse(url, private=private), private=private)
    except EgressRefused as error:
        raise WebhookRefused(str(error)) from None
    except Unresolved as error:
        raise WebhookError(str(error)) from None
    now = int(time.time())
    headers = {
        "host": to.netloc,
        "content-type": "application/json",
        "user-agent": "motet-webhook",
        "webhook-id": event_id,
        "webhook-timestamp": str(now),
        "webhook-signature": signature(secret, event_id, now, body),
    }
    try:
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client:
            answer = client.post(
                to.at(to.addresses[0]),
                content=body,
                headers=headers,
                extensions={"sni_hostname": to.host},
            )
    except httpx.HTTPError as error:
        raise WebhookError(f"{to.host}: {type(error).__name__}") from None
    if not answer.is_success:
        raise WebhookError(f"{to.host} answered {answer.status_code}")
