"""Setting caps, and handing on what they have to tell."""

from collections.abc import Callable
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Sum

from motet_billing import sql
from motet_billing.caps import PERIODS, Period, threshold, window
from motet_billing.errors import UnknownWallet
from motet_billing.models import Cap, CapAlert, Hold
from motet_billing.money import check_range
from motet_billing.selectors import cap_row


def cap_set(
    *,
    wallet_id: int,
    subject: str,
    limit: int,
    period: Period,
    spent: Callable[[datetime], int],
) -> Cap:
    """Cap what a subject of the wallet may cost per period, from now on; the limit may be 0.

    A new window begins in the past where the period says so: `spent(start)` is asked, under the
    wallet's lock, what was charged since then. A cap of period "none" counts from when it was set.
    With the same period only the limit changes. UnknownWallet; ValueError.
    """
    if check_range(limit) < 0 or period not in PERIODS:
        raise ValueError(f"not a cap: {limit} per {period!r}")
    with transaction.atomic():
        now = _lock(wallet_id)
        cap = Cap.objects.filter(wallet_id=wallet_id, subject=subject).first()
        if cap is None or cap.period != period:
            start = window(period, now)
            cap = cap or Cap(wallet_id=wallet_id, subject=subject)
            cap.period, cap.window_start = period, start or now
            cap.spent = spent(start) if start else 0
            cap.reserved = _reserved(wallet_id, subject)
        else:
            _roll(cap, now)
        cap.limit = limit
        cap.alerted = threshold(cap.spent, limit)  # what is reached already is no news
        cap.save()
    return cap


def cap_clear(*, wallet_id: int, subject: str) -> bool:
    """Remove a cap; False where there is none."""
    with transaction.atomic():
        _lock(wallet_id)
        return bool(Cap.objects.filter(wallet_id=wallet_id, subject=subject).delete()[0])


def alerts_take(*, limit: int = 100) -> list[CapAlert]:
    """Alerts that nobody has been told of; now they are the caller's, with its transaction."""
    alerts = list(
        CapAlert.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(told_at=None)
        .select_related("cap__wallet")
        .order_by("id")[:limit]
    )
    now = _now()
    CapAlert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(told_at=now)
    return alerts


def _lock(wallet_id: int) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute(*sql.wallets_lock([wallet_id]))
        if not cursor.fetchall():
            raise UnknownWallet(f"no wallet {wallet_id}")
    return _now()


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchall()[0][0]
    return now


def _reserved(wallet_id: int, subject: str) -> int:
    holds = Hold.objects.filter(wallet_id=wallet_id, state="held")
    if subject:
        holds = holds.filter(subject=subject)
    return int(holds.aggregate(held=Sum("amount"))["held"] or 0)


def _roll(cap: Cap, now: datetime) -> None:
    row = cap_row(cap)
    row.roll(now)
    cap.window_start, cap.spent = row.window_start, row.spent
