"""Reads of keys."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone

from motet_platform.accounts.models import Account
from motet_platform.accounts.roles import member_scopes
from motet_platform.errors import InvalidApiKey, NotFound
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


def key_asking(asked_by: ApiKey) -> ApiKey:
    """The key that asks for a change, with what it may do now: it may have ended, or lost scopes,
    while it waited for the account's lock, which the caller holds. InvalidApiKey.

    Locked to the end of the transaction, and never to be saved: a member's scopes are the role's.
    """
    key = keys_live().select_for_update(of=("self",), no_key=True).filter(pk=asked_by.pk).first()
    if key is None:
        raise InvalidApiKey
    if key.dashboard:
        member = key.account.memberships.select_related("user").filter(user=key.created_by).first()
        if member is None:
            raise InvalidApiKey
        key.scopes = sorted(member_scopes(member.role, staff=member.user.is_staff))
    return key


def key_get(account: Account, key_id: int, *, for_update: bool = False) -> ApiKey:
    """A key of the account, revoked ones included. NotFound."""
    keys = keys_of(account)
    if for_update:
        keys = keys.select_for_update(of=("self",))
    key = keys.filter(pk=key_id).first()
    if key is None:
        raise NotFound("There is no such key.", code="key_not_found")
    return key
