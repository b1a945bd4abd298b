"""Reads of keys."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone

from motet_platform.accounts.models import Account
from motet_platform.errors import NotFound
from motet_platform.keys.models import ApiKey


def keys_of(account: Account) -> QuerySet[ApiKey]:
    """The account's keys, revoked ones included; what members do in the dashboard is no key."""
    return ApiKey.objects.filter(account=account, dashboard=False).select_related(
        "created_by", "service_account"
    )


def keys_live() -> QuerySet[ApiKey]:
    """Every key that works at this moment, members' own dashboards among them."""
    return ApiKey.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=timezone.now()),
        revoked_at=None,
        account__deleted_at=None,
    ).select_related("account", "created_by", "service_account")


def key_get(account: Account, key_id: int, *, for_update: bool = False) -> ApiKey:
    """A key of the account, revoked ones included. NotFound."""
    keys = keys_of(account)
    if for_update:
        keys = keys.select_for_update(of=("self",))
    key = keys.filter(pk=key_id).first()
    if key is None:
        raise NotFound("There is no such key.", code="key_not_found")
    return key
