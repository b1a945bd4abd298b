"""Reads of accounts and their people."""

from __future__ import annotations

from django.db.models import QuerySet

from motet_platform.accounts.models import Account, Membership, User
from motet_platform.errors import NotFound


def account_get(slug: str) -> Account:
    """NotFound where there is none."""
    account = Account.objects.filter(slug=slug, deleted_at=None).first()
    if account is None:
        raise NotFound(f"There is no account {slug!r}.", code="account_not_found")
    return account


def account_lock(account_id: int) -> Account:
    """The account's row, locked to the end of the transaction. NotFound where it was deleted while
    the caller waited: nothing may be added to it then."""
    locked = Account.objects.select_for_update().filter(pk=account_id, deleted_at=None).first()
    if locked is None:
        raise NotFound("There is no such account.", code="account_not_found")
    return locked


def members_of(account: Account) -> QuerySet[Membership]:
    return account.memberships.select_related("user").order_by("pk")


def memberships_of(user: User) -> QuerySet[Membership]:
    """Where the person is a member, in the order in which they came in."""
    return (
        user.memberships.filter(account__deleted_at=None).select_related("account").order_by("pk")
    )
