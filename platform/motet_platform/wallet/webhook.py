"""Signed calls to an address that a tenant chose, in the form of Standard Webhooks.

The address is a tenant's word: `egress` refuses it where it leads inside this network. Redirects
are not followed. Of the answer only the status counts: its body is never read, and there is one
deadline for all that comes before it.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import time

import httpx

from motet_platform import egress
from motet_platform.config import get_config
from motet_platform.egress import EgressRefused, Unresolved

TIMEOUT_S = 10.0  # of a whole call: a receiver that sends a byte at a time gets no more


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
        status = asyncio.run(
            _post(to.at(to.addresses[0]), body=body, headers=headers, sni_hostname=to.host)
        )
    except (httpx.HTTPError, TimeoutError) as error:
        raise WebhookError(f"{to.host}: {type(error).__name__}") from None
    if not httpx.codes.is_success(status):
        raise WebhookError(f"{to.host} answered {status}")


async def _post(target: str, *, body: bytes, headers: dict[str, str], sni_hostname: str) -> int:
    """The status of the answer. TimeoutError, whatever the receiver dawdles over.

    httpx's own timeouts are for each read and write; only in an event loop has the whole an end.
    """
    async with (
        asyncio.timeout(TIMEOUT_S),
        httpx.AsyncClient(timeout=None, trust_env=False) as client,  # noqa: S113
        client.stream(
            "POST",
            target,
            content=body,
            headers=headers,
            extensions={"sni_hostname": sni_hostname},
        ) as answer,
    ):
        return answer.status_code
