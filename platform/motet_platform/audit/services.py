"""Writing the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from motet_platform.accounts.models import Account
from motet_platform.audit.actor import current_actor
from motet_platform.audit.models import AuditEntry

_encoder = DjangoJSONEncoder()


def audit(
    account: Account | int,
    action: str,
    target: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """One line of the log, in the caller's transaction: it stands there if the change does."""
    assert connection.in_atomic_block, "the change and its line are one transaction"
    actor = current_actor()
    AuditEntry.objects.create(
        account_id=account if isinstance(account, int) else account.pk,
        actor_kind=actor.kind,
        actor=actor.name,
        ip=actor.ip,
        action=action,
        target=target,
        before=_plain(before),
        after=_plain(after),
    )


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {
        name: value
        if value is None or isinstance(value, (str, int, float, bool, list, dict))
        else _encoder.default(value)
        for name, value in values.items()
    }
