"""Changes to who is in an account. Each locks the account: two owners cannot both leave."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet

from motet_platform.accounts.models import Account, Membership, Role, User
from motet_platform.accounts.roles import SCOPES
from motet_platform.accounts.selectors import account_lock
from motet_platform.audit.services import audit
from motet_platform.errors import InvalidRequest, NotFound
from motet_platform.keys.models import ApiKey
from motet_platform.keys.selectors import keys_of
from motet_platform.keys.services import key_narrow, key_revoke
from motet_platform.team.rank import require_rank


def member_role_set(
    *, account: Account, member_id: int, role: str, granted: Collection[str]
) -> Membership:
    """Another role for a member; their keys lose what the role may not do.

    `granted`: the scopes of whoever asks. NotFound, InvalidRequest `last_owner`, PermissionDenied.
    """
    with transaction.atomic():
        membership = _locked(account, member_id)
        if membership.role == role:
            return membership
        require_rank(granted, membership.role)
        require_rank(granted, role)
        _require_another_owner(membership)
        before, membership.role = membership.role, role
        membership.save(update_fields=["role"])
        audit(
            account, "member.update", membership.user.email,
            before={"role": before}, after={"role": role},
        )  # fmt: skip
        for key in _own_keys(membership):
            key_narrow(key=key, allowed=SCOPES[role])
    return membership


def member_remove(
    *, account: Account, member_id: int, granted: Collection[str], by: User | None = None
) -> None:
    """Ends a membership at once, with the member's own keys. One may always leave oneself (`by`).

    NotFound, InvalidRequest `last_owner`, PermissionDenied.
    """
    with transaction.atomic():
        membership = _locked(account, member_id)
        if by is None or membership.user_id != by.pk:
            require_rank(granted, membership.role)
        _require_another_owner(membership)
        for key in _own_keys(membership):
            key_revoke(account=account, key_id=key.pk)
        membership.delete()
        audit(account, "member.remove", membership.user.email, before={"role": membership.role})


def _own_keys(membership: Membership) -> QuerySet[ApiKey]:
    """Not those that the member made for service accounts: these are there to outlive them."""
    keys = keys_of(membership.account)
    return keys.filter(created_by=membership.user, service_account=None, revoked_at=None)


def _locked(account: Account, member_id: int) -> Membership:
    account_lock(account.pk)
    membership = account.memberships.select_related("user").filter(pk=member_id).first()
    if membership is None:
        raise NotFound("There is no such member.", code="member_not_found")
    return membership


def _require_another_owner(membership: Membership) -> None:
    owners = Membership.objects.filter(account_id=membership.account_id, role=Role.OWNER)
    if membership.role == Role.OWNER and owners.count() == 1:
        raise InvalidRequest(
            "An account keeps at least one owner: make somebody else one first.", code="last_owner"
        )
