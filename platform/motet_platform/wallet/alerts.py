"""Spend alerts on their way to people: by mail, and to the account's own webhook.

The ledger writes an alert with the settlement that caused it. From there each takes its own way
through the outbox, so that a webhook that is down sends no mail twice.
"""

from __future__ import annotations

import json
from typing import Any

from django.core.mail import send_mail
from django.db import transaction
from motet_billing.cap_services import alerts_take
from motet_billing.caps import as_period, window_end
from motet_billing.models import CapAlert
from motet_billing.money import usd

from motet_platform.accounts.models import Account, Role
from motet_platform.accounts.selectors import account_lock
from motet_platform.audit.services import audit
from motet_platform.keys.models import ApiKey
from motet_platform.keys.subject import key_id_of
from motet_platform.outbox.registry import OUTSIDE, TENANTS, handles
from motet_platform.outbox.services import task_add
from motet_platform.wallet.models import AlertSettings
from motet_platform.wallet.webhook import check_url, deliver, secret_of

MAIL, WEBHOOK = "alert_mail", "alert_webhook"


def alert_settings(account: Account) -> AlertSettings:
    """What the account has set, else what holds without."""
    return AlertSettings.objects.filter(account=account).first() or AlertSettings(account=account)


def alert_settings_change(account: Account, *, email: bool, webhook_url: str) -> AlertSettings:
    """A new address has a new secret. WebhookRefused."""
    if webhook_url:
        check_url(webhook_url)
    with transaction.atomic():
        account_lock(account.pk)
        found = alert_settings(account)
        found.generation += webhook_url != found.webhook_url
        found.email, found.webhook_url = email, webhook_url
        found.save()
        audit(
            account,
            "billing.alerts",
            account.slug,
            after={"email": email, "webhook_url": webhook_url},
        )
    return found


def alerts_hand_on() -> int:
    """Asks for the delivery of every new alert, each once; how many there were."""
    with transaction.atomic():
        alerts = alerts_take()
        for alert in alerts:
            account = Account.objects.get(wallet=alert.cap.wallet)
            settings = alert_settings(account)
            payload = {"account_id": account.pk, "event": _event(account, alert)}
            for address in _people(account) if settings.email else ():
                # A task for each: an address that fails brings nobody a second mail.
                task_add(kind=MAIL, payload={**payload, "to": address})
            if settings.webhook_url:
                task_add(kind=WEBHOOK, payload=payload)
    return len(alerts)


@handles(MAIL, lane=OUTSIDE)
def mail(payload: dict[str, Any]) -> None:
    account = Account.objects.get(pk=payload["account_id"])
    data = payload["event"]["data"]
    key = data["key"]
    whose = f"The key {key['prefix']}... ({key['name']})" if key else f"The account {account.slug}"
    until = f" It resets at {data['resets_at']}." if data["resets_at"] else ""
    reached = (
        "Requests that do not fit are refused with `spend_cap_reached`."
        if data["percent"] >= 100
        else "Requests go on until the cap is reached."
    )
    text = (
        f"{whose} has spent ${data['spent']} of its spend cap of ${data['limit']} "
        f"({data['percent']} %).\n{reached}{until}\n"
    )
    send_mail(f"Spend cap of {account.slug}: {data['percent']} %", text, None, [payload["to"]])


@handles(WEBHOOK, lane=TENANTS)
def webhook(payload: dict[str, Any]) -> None:
    account = Account.objects.get(pk=payload["account_id"])
    settings = alert_settings(account)
    if settings.webhook_url:
        deliver(
            settings.webhook_url,
            event_id=payload["event"]["id"],
            body=json.dumps(payload["event"], separators=(",", ":")).encode(),
            secret=secret_of(account.pk, settings.generation),
        )


def _people(account: Account) -> list[str]:
    members = account.memberships.filter(role__in=[Role.OWNER, Role.ADMIN], user__is_active=True)
    return list(members.values_list("user__email", flat=True))


def _event(account: Account, alert: CapAlert) -> dict[str, Any]:
    cap = alert.cap
    key_id = key_id_of(cap.subject)
    key = key_id and ApiKey.objects.filter(account=account, pk=key_id).first()
    ends = window_end(as_period(cap.period), alert.window_start)
    return {
        "id": f"alert_{alert.pk}",
        "type": "spend_cap.alert",
        "created_at": alert.created_at.isoformat(),
        "data": {
            "account": account.slug,
            "key": key and {"id": key.pk, "prefix": key.prefix, "name": key.name},
            "percent": alert.percent,
            "limit": usd(alert.limit),
            "spent": usd(alert.spent),
            "period": cap.period,
            "resets_at": ends and ends.isoformat(),
        },
    }
