"""Changes to who is in an account. Each locks the account: two owners cannot both leave."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from motet_platform.accounts.models import Account, Membership, Role
from motet_platform.accounts.roles import SCOPES
from motet_platform.audit.services import audit
from motet_platform.errors import InvalidRequest, NotFound
from motet_platform.keys import scopes
from motet_platform.keys.authority import key_asking, require_scope, require_unlimited
from motet_platform.keys.models import ApiKey
from motet_platform.keys.selectors import keys_of
from motet_platform.keys.services import key_narrow, key_revoke
from motet_platform.team.rank import require_rank


def member_role_set(*, account: Account, member_id: int, role: str, asked_by: ApiKey) -> Membership:
    """Another role for a member; their keys lose what the role may not do.

    NotFound, InvalidRequest `last_owner`, PermissionDenied.
    """
    with transaction.atomic():
        granted = key_asking(account, asked_by, scopes.TEAM_WRITE).scopes
        membership = _member(account, member_id)
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


def member_remove(*, account: Account, member_id: int, asked_by: ApiKey) -> None:
    """Ends a membership at once, with the member's own keys. One may always leave oneself, at the
    dashboard: a key does not leave for its maker.

    NotFound, InvalidRequest `last_owner`, PermissionDenied.
    """
    with transaction.atomic():
        asked_by = key_asking(account, asked_by, scopes.TEAM_READ)
        mine = account.memberships.filter(pk=member_id, user=asked_by.created_by)
        leaves = asked_by.dashboard and mine.exists()
        if not leaves:
            require_scope(asked_by, scopes.TEAM_WRITE)
        membership = _member(account, member_id)
        if not leaves:
            require_unlimited(asked_by)
            require_rank(asked_by.scopes, membership.role)
        _require_another_owner(membership)
        for key in _own_keys(membership):
            key_revoke(account=account, key_id=key.pk)
        membership.delete()
        audit(account, "member.remove", membership.user.email, before={"role": membership.role})


def _own_keys(membership: Membership) -> QuerySet[ApiKey]:
    """Not those that the member made for service accounts: these are there to outlive them."""
    keys = keys_of(membership.account)
    return keys.filter(created_by=membership.user, service_account=None, revoked_at=None)


def _member(account: Account, member_id: int) -> Membership:
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
