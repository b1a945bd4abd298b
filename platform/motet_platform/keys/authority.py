"""What a key may do at the moment of a change; and to other keys, nothing by which anybody gains
rights, money or time."""

from __future__ import annotations

from motet_platform.accounts.models import Account
from motet_platform.accounts.roles import member_scopes
from motet_platform.accounts.selectors import account_lock
from motet_platform.errors import InvalidApiKey, PermissionDenied
from motet_platform.keys import scopes
from motet_platform.keys.models import ApiKey
from motet_platform.keys.selectors import keys_live
from motet_platform.wallet.caps import caps_of


def key_asking(account: Account, asked_by: ApiKey, scope: str) -> ApiKey:
    """Locks the account, and then the key that asks for a change; how it stands by then, since it
    may have ended or lost scopes while it waited. Never save it: a member's scopes are the role's.

    NotFound for a deleted account; InvalidApiKey; PermissionDenied `missing_scope`.
    """
    account_lock(account.pk)
    key = keys_live().select_for_update(of=("self",), no_key=True).filter(pk=asked_by.pk).first()
    if key is None:
        raise InvalidApiKey
    if key.dashboard:
        member = account.memberships.select_related("user").filter(user=key.created_by).first()
        if member is None:
            raise InvalidApiKey
        key.scopes = sorted(member_scopes(member.role, staff=member.user.is_staff))
    require_scope(key, scope)
    return key


def require_scope(key: ApiKey, scope: str) -> None:
    if scope not in key.scopes:
        raise PermissionDenied(f"This key lacks the scope `{scope}`.", code="missing_scope")


def require_manages(asked_by: ApiKey, key: ApiKey) -> None:
    """Whether a key may make, change or end another one; what it may do to itself is not asked.

    PermissionDenied `key_is_limited`, `key_exceeds_parent`; `key_of_another` for what belongs to
    another person or to a service account, unless the asker manages the team.
    """
    require_unlimited(asked_by)
    _require_no_more(asked_by, key)
    if not same_owner(asked_by, key) and scopes.TEAM_WRITE not in asked_by.scopes:
        raise PermissionDenied(
            "Not a key of your own: ask whoever it belongs to, or somebody who manages the team.",
            code="key_of_another",
        )


def require_unlimited(key: ApiKey) -> None:
    """PermissionDenied `key_is_limited` for a key with a spend cap or a rate limit: these count per
    key, so that another way into the account, a key or a member, would begin them anew."""
    rates = (key.requests_per_minute, key.tokens_per_minute)
    if rates != (None, None) or key.pk in caps_of(key.account):
        raise PermissionDenied(
            "This key has a spend cap or a rate limit, which other keys and members would not "
            "share: use a key without one, or the dashboard.",
            code="key_is_limited",
        )


def same_owner(one: ApiKey, other: ApiKey) -> bool:
    """A service account's keys are its own, whoever made them; a person's are the person's."""
    if one.pk == other.pk:
        return True
    if one.service_account_id is not None or other.service_account_id is not None:
        return one.service_account_id == other.service_account_id
    return one.created_by_id is not None and one.created_by_id == other.created_by_id


def _require_no_more(asked_by: ApiKey, key: ApiKey) -> None:
    excess = [
        ("scopes", not set(key.scopes) <= set(asked_by.scopes)),
        (
            "models",
            asked_by.models is not None
            and (key.models is None or not set(key.models) <= set(asked_by.models)),
        ),
        (
            "expires_at",
            asked_by.expires_at is not None
            and (key.expires_at is None or key.expires_at > asked_by.expires_at),
        ),
    ]
    for field, above in excess:
        if above:
            raise PermissionDenied(
                f"{field}: a key can make or change none that may do more than itself.",
                code="key_exceeds_parent",
                param=field,
            )
