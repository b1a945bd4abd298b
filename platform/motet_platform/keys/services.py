"""Changes to API keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from motet_platform.accounts.models import Account, User
from motet_platform.errors import InvalidRequest, NotFound, PermissionDenied
from motet_platform.keys import scopes as known
from motet_platform.keys import secret
from motet_platform.keys.models import ApiKey
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
    spend_cap: CapAsked | None = None,
) -> NewKey:
    """A key of the account; with `parent`, one that may do no more than its parent.

    PermissionDenied `key_exceeds_parent`; InvalidRequest for what no key can have.
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
        name=name,
        prefix=fresh[: secret.SHOWN],
        digest=secret.digest(fresh),
        scopes=sorted(set(scopes)),
        models=None if models is None else sorted(set(models)),
        requests_per_minute=requests_per_minute,
        tokens_per_minute=tokens_per_minute,
        expires_at=expires_at,
    )
    if parent is not None:
        _refuse_more_than(parent, key)
        _refuse_looser_cap(parent, spend_cap)
    with transaction.atomic():
        # One at a time per account, or two callers would both find room.
        Account.objects.select_for_update().get(pk=account.pk)
        if ApiKey.objects.filter(account=account, revoked_at=None).count() >= MAX_ACTIVE:
            raise InvalidRequest(
                f"An account has at most {MAX_ACTIVE} keys: revoke some.", code="too_many_keys"
            )
        key.save()
        if spend_cap is not None:
            key_cap_set(account, key.pk, spend_cap)
    return NewKey(key, fresh)


def key_cap_change(
    *, account: Account, key_id: int, spend_cap: CapAsked | None, asked_by: ApiKey
) -> None:
    """Caps what a key spends, or lifts its cap. NotFound; PermissionDenied `key_exceeds_parent`
    where the key that asks has a cap that is tighter."""
    key = key_get(account=account, key_id=key_id)
    _refuse_looser_cap(asked_by, spend_cap)
    key_cap_set(account, key.pk, spend_cap)


def key_get(*, account: Account, key_id: int) -> ApiKey:
    """A key of the account, revoked ones included. NotFound."""
    key = ApiKey.objects.filter(account=account, pk=key_id).select_related("created_by").first()
    if key is None:
        raise NotFound("There is no such key.", code="key_not_found")
    return key


def key_revoke(*, account: Account, key_id: int) -> ApiKey:
    """Ends a key; gateways hear of it with the commit. Safe to repeat. NotFound."""
    key = key_get(account=account, key_id=key_id)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
    return key


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
