"""Changes to the account itself, and its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from motet_billing.stripe.autotopup import autotopup_off

from motet_platform.accounts.models import Account
from motet_platform.accounts.selectors import account_lock
from motet_platform.adapters.services import adapter_delete
from motet_platform.audit.services import audit
from motet_platform.errors import InvalidRequest
from motet_platform.keys import scopes
from motet_platform.keys.authority import key_asking
from motet_platform.keys.models import ApiKey

SETTINGS = ("name", "retention_days")


def account_update(*, account: Account, changes: Mapping[str, Any], asked_by: ApiKey) -> Account:
    """Sets any of SETTINGS."""
    with transaction.atomic():
        account = key_asking(account, asked_by, scopes.ACCOUNT).account
        before = {field: getattr(account, field) for field in SETTINGS if field in changes}
        after = {field: changes[field] for field in before}
        if before != after:
            for field, value in after.items():
                setattr(account, field, value)
            account.full_clean()
            account.save(update_fields=list(after))
            audit(account, "account.update", account.slug, before=before, after=after)
    return account


def account_delete(*, account: Account, confirm: str, asked_by: ApiKey | None = None) -> None:
    """Ends the account for good: keys, adapters, members, automatic top-ups. What it has paid and
    used stays on the books, and its slug is never given again. InvalidRequest `slug_mismatch`.
    """
    if confirm != account.slug:
        raise InvalidRequest(
            "Repeat the account's slug to delete it.", code="slug_mismatch", param="confirm"
        )
    now = timezone.now()
    with transaction.atomic():
        if asked_by is not None:
            key_asking(account, asked_by, scopes.OWNER)
        account = account_lock(account.pk)
        for adapter in account.adapters.filter(deleted_at=None):
            adapter_delete(adapter=adapter)
        # Members' own dashboards too: nothing may be booked on the account any more.
        ApiKey.objects.filter(account=account, revoked_at=None).update(revoked_at=now)
        if autotopup_off(wallet_id=account.wallet.pk):
            audit(
                account,
                "billing.autotopup",
                account.slug,
                before={"enabled": True},
                after={"enabled": False},
            )
        account.service_accounts.filter(deleted_at=None).update(deleted_at=now)
        account.invitations.filter(accepted_at=None, revoked_at=None).update(revoked_at=now)
        members = [m.user.email for m in account.memberships.select_related("user")]
        account.memberships.all().delete()
        account.deleted_at = now
        account.save(update_fields=["deleted_at"])
        audit(account, "account.delete", account.slug, before={"members": members})
