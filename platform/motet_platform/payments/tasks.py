"""What the tasks process does about payments. With payments off, nothing."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from motet_billing.models import Wallet
from motet_billing.stripe import meters
from motet_billing.stripe.autotopup import autotopup_due, autotopup_open, autotopup_send
from motet_billing.stripe.errors import PaymentError
from motet_billing.stripe.events import event_handle
from motet_billing.stripe.models import AutoTopup, MeterPlan
from motet_billing.stripe.reconcile import catch_up, reconcile

from motet_platform.outbox.registry import OUTSIDE, handles, periodic
from motet_platform.outbox.services import task_add
from motet_platform.payments.mail import stopped_mail
from motet_platform.payments.rail import payments_on, require_stripe

log = logging.getLogger(__name__)

# How far back refunds and disputes are looked through each minute, and each hour.
RECENT, LONG_AGO = timedelta(days=1), timedelta(days=180)


@handles("stripe.event", lane=OUTSIDE)
def event(payload: dict[str, Any]) -> None:
    event_handle(require_stripe(), payload["event"])


@handles("stripe.autotopup_stopped", lane=OUTSIDE)
def autotopup_stopped(payload: dict[str, Any]) -> None:
    stopped_mail(AutoTopup.objects.get(pk=payload["wallet"]))


@periodic("autotopup", every=timedelta(seconds=5))
def autotopup() -> None:
    """Charge the cards of accounts whose credit runs low, and tell those that were stopped."""
    if not payments_on():
        return
    # Who was suspended can spend nothing, so nothing is charged for it.
    stopped = Wallet.objects.filter(account__suspended_at__isnull=False)
    for wallet_id in set(autotopup_due()) - set(stopped.values_list("pk", flat=True)):
        try:
            payment = autotopup_open(wallet_id)
            if payment is not None:
                autotopup_send(require_stripe(), payment)
        except PaymentError as error:
            log.warning("wallet %s is not topped up: %s", wallet_id, error)
        except Exception:  # one that nothing helps must not keep the others waiting
            log.exception("wallet %s is not topped up", wallet_id)
    for rule in AutoTopup.objects.exclude(stopped="").filter(told=False):
        with transaction.atomic():
            if AutoTopup.objects.filter(pk=rule.pk, told=False).update(told=True):
                task_add(kind="stripe.autotopup_stopped", payload={"wallet": rule.pk})


@periodic("payments", every=timedelta(minutes=1))
def payments() -> None:
    if payments_on():
        reconcile(require_stripe())
        catch_up(require_stripe(), since=timezone.now() - RECENT)


@periodic("payments_long_ago", every=timedelta(hours=1))
def payments_long_ago() -> None:
    """Banks decide on disputes, and refuse refunds, weeks after they began."""
    if payments_on():
        catch_up(require_stripe(), since=timezone.now() - LONG_AGO)


@periodic("meters", every=timedelta(minutes=5))
def meter_exports() -> None:
    """Hours that have ended are exported for postpaid accounts."""
    if not payments_on():
        return
    for wallet_id in MeterPlan.objects.values_list("pk", flat=True):
        try:
            meters.export_cut(wallet_id)
        except Exception:
            log.exception("the charges of wallet %s are not exported", wallet_id)
    for export in meters.exports_due():
        try:
            meters.export_send(require_stripe(), export)
        except PaymentError as error:
            log.warning("%s is not exported: %s", export, error)
        except Exception:
            log.exception("%s is not exported", export)
