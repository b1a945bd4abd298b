"""Spend caps of an account and of its keys, in the platform's own terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Sum
from motet_billing.cap_services import cap_clear, cap_set
from motet_billing.caps import PERIODS, CapRow, Period, as_period
from motet_billing.money import picodollars, usd
from motet_billing.selectors import caps
from rest_framework import serializers

from motet_platform.accounts.models import Account
from motet_platform.keys.subject import key_id_of, key_subject
from motet_platform.metering.models import UsageHour


@dataclass(frozen=True)
class CapAsked:
    """`limit` in picodollars."""

    limit: int
    period: Period


def account_cap_set(account: Account, asked: CapAsked | None) -> None:
    """Cap all of the account's spending, or lift its cap."""
    _set(account, None, asked)


def key_cap_set(account: Account, key_id: int, asked: CapAsked | None) -> None:
    """Cap what one key of the account spends, or lift its cap."""
    _set(account, key_id, asked)


def caps_of(account: Account) -> dict[int | None, CapRow]:
    """The account's caps by key, as they stand now; None is the account's own."""
    return {key_id_of(cap.subject): cap for cap in caps(account.pk)}


def _set(account: Account, key_id: int | None, asked: CapAsked | None) -> None:
    wallet_id = account.wallet.pk
    subject = "" if key_id is None else key_subject(key_id)
    if asked is None:
        cap_clear(wallet_id=wallet_id, subject=subject)
        return
    cap_set(
        wallet_id=wallet_id,
        subject=subject,
        limit=asked.limit,
        period=asked.period,
        spent=_spent(account, key_id),
    )


def _spent(account: Account, key_id: int | None) -> Callable[[datetime], int]:
    """What was charged since an instant; windows begin at full hours."""
    hours = UsageHour.objects.filter(account=account)
    if key_id is not None:
        hours = hours.filter(key_id=key_id)
    return lambda start: int(hours.filter(hour__gte=start).aggregate(s=Sum("cost"))["s"] or 0)


class CapIn(serializers.Serializer[Any]):
    """A cap as a client asks for it; valid, it is a `CapAsked`."""

    limit = serializers.CharField(max_length=32, help_text='USD, such as "50.00".')
    period = serializers.ChoiceField(
        choices=PERIODS, default="month", help_text="UTC; none: never resets."
    )

    def validate_limit(self, value: str) -> int:
        try:
            amount = picodollars(value)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None
        if amount < 0:
            raise serializers.ValidationError("A cap is never negative.")
        return amount

    def validate(self, attrs: dict[str, Any]) -> CapAsked:
        return CapAsked(limit=attrs["limit"], period=as_period(attrs["period"]))


class CapOut(serializers.Serializer[Mapping[str, Any]]):
    """Amounts are exact decimals in USD."""

    limit = serializers.CharField()
    period = serializers.ChoiceField(choices=PERIODS)
    spent = serializers.CharField(help_text="Charged since window_start.")
    reserved = serializers.CharField(help_text="Held for requests that run now.")
    remaining = serializers.CharField()
    window_start = serializers.DateTimeField()
    resets_at = serializers.DateTimeField(allow_null=True)


def cap_shown(cap: CapRow | None) -> dict[str, Any] | None:
    """The fields of CapOut."""
    if cap is None:
        return None
    return {
        "limit": usd(cap.limit),
        "period": cap.period,
        "spent": usd(cap.spent),
        "reserved": usd(cap.reserved),
        "remaining": usd(cap.room),
        "window_start": cap.window_start,
        "resets_at": cap.resets_at,
    }
