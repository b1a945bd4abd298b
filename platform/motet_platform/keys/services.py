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
from motet_platform.keys.models import ApiKey
from motet_platform.keys.selectors import key_asking, key_get, keys_of
from motet_platform.team.models import ServiceAccount
from motet_platform.wallet.caps import CapAsked, caps_of, key_cap_set

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

    PermissionDenied `key_exceeds_parent`; InvalidRequest for what no key can have; InvalidApiKey
    and NotFound where the parent, the account or the service account has ended meanwhile.
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
            parent = key_asking(parent)
            _refuse_more_than(parent, key)
            _refuse_looser_cap(parent, spend_cap)
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
    """Caps what a key spends, or lifts its cap. NotFound; PermissionDenied `key_exceeds_parent`
    where the key that asks has a cap that is tighter."""
    key = key_get(account, key_id)
    _refuse_looser_cap(asked_by, spend_cap)
    with transaction.atomic():
        key_cap_set(account, key.pk, spend_cap)
        audit(account, "key.cap", key.prefix, after={"spend_cap": _cap_shown(spend_cap)})


def key_rotate(*, account: Account, key_id: int, asked_by: ApiKey) -> NewKey:
    """A new secret for a key; the old one ends with the commit, while usage, limits and spend cap
    go on. NotFound; InvalidRequest `key_revoked`; PermissionDenied `key_exceeds_parent` where the
    key may do more than the one that asks."""
    fresh = secret.new_secret()
    with transaction.atomic():
        key = key_get(account, key_id, for_update=True)
        if key.revoked_at is not None:
            raise InvalidRequest("This key is revoked: make a new one.", code="key_revoked")
        _refuse_more_than(asked_by, key)
        cap = caps_of(account).get(key.pk)
        kept = None if cap is None else CapAsked(limit=cap.limit, period=cap.period)
        _refuse_looser_cap(asked_by, kept)
        old, key.prefix = key.prefix, fresh[: secret.SHOWN]
        key.digest = secret.digest(fresh)
        key.save(update_fields=["prefix", "digest"])
        audit(account, "key.rotate", key.prefix, before={"key": old}, after={"key": key.prefix})
    return NewKey(key, fresh)


def key_revoke(*, account: Account, key_id: int) -> ApiKey:
    """Ends a key; gateways hear of it with the commit. Safe to repeat. NotFound."""
    with transaction.atomic():
        key = key_get(account, key_id, for_update=True)
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


def _refuse_more_than(parent: ApiKey, key: ApiKey) -> None:
    excess = [
        ("scopes", not set(key.scopes) <= set(parent.scopes)),
        (
            "models",
            parent.models is not None
            and (key.models is None or not set(key.models) <= set(parent.models)),
        ),
        ("requests_per_minute", _above(key.requests_per_minute, parent.requests_per_minute)),
        ("tokens_per_minute", _above(key.tokens_per_minute, parent.tokens_per_minute)),
        (
            "expires_at",
            parent.expires_at is not None
            and (key.expires_at is None or key.expires_at > parent.expires_at),
        ),
    ]
    for field, above in excess:
        if above:
            raise _exceeds(field)


def _refuse_looser_cap(parent: ApiKey, wanted: CapAsked | None) -> None:
    cap = caps_of(parent.account).get(parent.pk)
    if cap is None:
        return
    if wanted is None or wanted.period != cap.period or wanted.limit > cap.limit:
        raise _exceeds("spend_cap")


def _exceeds(field: str) -> PermissionDenied:
    return PermissionDenied(
        f"{field}: a key can give no more than it has itself.",
        code="key_exceeds_parent",
        param=field,
    )


def _above(wanted: int | None, limit: int | None) -> bool:
    return limit is not None and (wanted is None or wanted > limit)
