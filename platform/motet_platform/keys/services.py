"""Changes to API keys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from motet_billing.money import usd

from motet_platform.accounts.models import Account, User
from motet_platform.accounts.roles import SCOPES
from motet_platform.accounts.selectors import account_lock
from motet_platform.audit.services import audit
from motet_platform.errors import InvalidRequest, NotFound, PermissionDenied
from motet_platform.keys import scopes as known
from motet_platform.keys import secret
from motet_platform.keys.authority import key_asking, require_manages, same_owner
from motet_platform.keys.models import ApiKey
from motet_platform.keys.selectors import key_get, keys_of
from motet_platform.team.models import ServiceAccount
from motet_platform.wallet.caps import CapAsked, key_cap_set

MAX_ACTIVE = 200


@dataclass(frozen=True)
class NewKey:
    """`secret` exists only here: it is shown once and never stored."""

    key: ApiKey
    secret: str


def key_create(
    *,
    account: Account,
    name: str,
    scopes: Sequence[str] = known.ALL,
    models: Sequence[str] | None = None,
    requests_per_minute: int | None = None,
    tokens_per_minute: int | None = None,
    expires_at: datetime | None = None,
    created_by: User | None = None,
    parent: ApiKey | None = None,
    service_account: ServiceAccount | None = None,
    spend_cap: CapAsked | None = None,
) -> NewKey:
    """A key of the account; with `parent`, one that may do no more than its parent, and with
    `service_account`, one of that member's, which may do no more than its role.

    PermissionDenied, see keys.authority, and `key_exceeds_role`; InvalidRequest for what no key can
    have; InvalidApiKey and NotFound where the parent, the account or the service account has ended.
    """
    if not scopes or set(scopes) - set(known.ALL):
        raise InvalidRequest(
            f"scopes: name at least one of {', '.join(known.ALL)}.", param="scopes"
        )
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidRequest("expires_at: lies in the past.", param="expires_at")
    fresh = secret.new_secret()
    key = ApiKey(
        account=account,
        created_by=created_by,
        service_account=service_account,
        name=name,
        prefix=fresh[: secret.SHOWN],
        digest=secret.digest(fresh),
        scopes=sorted(set(scopes)),
        models=None if models is None else sorted(set(models)),
        requests_per_minute=requests_per_minute,
        tokens_per_minute=tokens_per_minute,
        expires_at=expires_at,
    )
    if service_account is not None and not set(key.scopes) <= SCOPES[service_account.role]:
        raise PermissionDenied(
            f"scopes: a {service_account.role} may not do all of that.",
            code="key_exceeds_role",
            param="scopes",
        )
    with transaction.atomic():
        # One at a time per account, or two callers would both find room.
        account_lock(account.pk)
        if parent is not None:
            require_manages(key_asking(account, parent, known.KEYS), key)
        if service_account is not None:
            _require_there(service_account)
        if keys_of(account).filter(revoked_at=None).count() >= MAX_ACTIVE:
            raise InvalidRequest(
                f"An account has at most {MAX_ACTIVE} keys: revoke some.", code="too_many_keys"
            )
        key.save()
        if spend_cap is not None:
            key_cap_set(account, key.pk, spend_cap)
        shown = {**_shown(key), "spend_cap": _cap_shown(spend_cap)}
        audit(account, "key.create", key.prefix, after=shown)
    return NewKey(key, fresh)


def key_cap_change(
    *, account: Account, key_id: int, spend_cap: CapAsked | None, asked_by: ApiKey
) -> None:
    """Caps what a key spends, or lifts its cap. NotFound; PermissionDenied as for a new key: one
    that has limits has no say in its own either."""
    with transaction.atomic():
        asked_by = key_asking(account, asked_by, known.KEYS)
        key = key_get(account, key_id, for_update=True)
        require_manages(asked_by, key)
        key_cap_set(account, key.pk, spend_cap)
        audit(account, "key.cap", key.prefix, after={"spend_cap": _cap_shown(spend_cap)})


def key_rotate(*, account: Account, key_id: int, asked_by: ApiKey) -> NewKey:
    """A new secret for a key; the old one ends with the commit, while usage, limits and spend cap
    go on. A person's key is rotated by that person alone: whoever asks has the secret, and would
    keep it when they leave the team.

    NotFound; InvalidRequest `key_revoked`; PermissionDenied as for a new key.
    """
    fresh = secret.new_secret()
    with transaction.atomic():
        asked_by = key_asking(account, asked_by, known.KEYS)
        key = key_get(account, key_id, for_update=True)
        if key.revoked_at is not None:
            raise InvalidRequest("This key is revoked: make a new one.", code="key_revoked")
        if key.pk != asked_by.pk:
            require_manages(asked_by, key)
            if key.service_account_id is None and not same_owner(asked_by, key):
                raise PermissionDenied(
                    "Only the person whose key it is gets its new secret: revoke it, and make one "
                    "of your own.",
                    code="key_of_another",
                )
        old, key.prefix = key.prefix, fresh[: secret.SHOWN]
        key.digest = secret.digest(fresh)
        key.save(update_fields=["prefix", "digest"])
        audit(account, "key.rotate", key.prefix, before={"key": old}, after={"key": key.prefix})
    return NewKey(key, fresh)


def key_revoke(*, account: Account, key_id: int, asked_by: ApiKey | None = None) -> ApiKey:
    """Ends a key; gateways hear of it with the commit. Safe to repeat. NotFound; with `asked_by`,
    unless that ends itself, PermissionDenied as for a new key."""
    with transaction.atomic():
        if asked_by is not None:
            asked_by = key_asking(account, asked_by, known.KEYS)
        key = key_get(account, key_id, for_update=True)
        if asked_by is not None and key.pk != asked_by.pk:
            require_manages(asked_by, key)
        if key.revoked_at is None:
            key.revoked_at = timezone.now()
            key.save(update_fields=["revoked_at"])
            audit(account, "key.revoke", key.prefix, before={"name": key.name})
    return key


def key_narrow(*, key: ApiKey, allowed: Collection[str]) -> None:
    """Takes from a key what its maker may no longer do; revokes it if nothing is left. Part of the
    caller's transaction."""
    kept = [scope for scope in key.scopes if scope in allowed]
    if not kept:
        key_revoke(account=key.account, key_id=key.pk)
    elif len(kept) < len(key.scopes):
        before, key.scopes = key.scopes, kept
        key.save(update_fields=["scopes"])
        audit(
            key.account, "key.update", key.prefix,
            before={"scopes": before}, after={"scopes": kept},
        )  # fmt: skip


def _require_there(service_account: ServiceAccount) -> None:
    if not ServiceAccount.objects.filter(pk=service_account.pk, deleted_at=None).exists():
        raise NotFound("There is no such service account.", code="service_account_not_found")


def _shown(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "scopes": key.scopes,
        "models": key.models,
        "expires_at": key.expires_at,
        "service_account": key.service_account.name if key.service_account else None,
    }


def _cap_shown(cap: CapAsked | None) -> dict[str, str] | None:
    return None if cap is None else {"limit": usd(cap.limit), "period": cap.period}
