"""Changes to service accounts."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from motet_platform.accounts.models import Account, User
from motet_platform.audit.services import audit
from motet_platform.errors import InvalidRequest, NotFound
from motet_platform.keys import scopes
from motet_platform.keys.authority import key_asking
from motet_platform.keys.models import ApiKey
from motet_platform.keys.selectors import keys_of
from motet_platform.keys.services import key_revoke
from motet_platform.team.models import ServiceAccount
from motet_platform.team.rank import require_rank

MAX_SERVICE_ACCOUNTS = 100


def service_accounts_of(account: Account) -> QuerySet[ServiceAccount]:
    mine = ServiceAccount.objects.filter(account=account, deleted_at=None)
    return mine.select_related("created_by").order_by("pk")


def service_account_get(account: Account, service_id: int) -> ServiceAccount:
    """NotFound, also for another account's."""
    found = service_accounts_of(account).filter(pk=service_id).first()
    if found is None:
        raise NotFound("There is no such service account.", code="service_account_not_found")
    return found


def service_account_create(
    *,
    account: Account,
    name: str,
    role: str,
    asked_by: ApiKey,
    description: str = "",
    created_by: User | None = None,
) -> ServiceAccount:
    """InvalidRequest `service_account_exists`, `too_many_service_accounts`; PermissionDenied."""
    with transaction.atomic():
        require_rank(key_asking(account, asked_by, scopes.TEAM_WRITE).scopes, role)
        mine = service_accounts_of(account)
        if mine.filter(name=name).exists():
            raise InvalidRequest(
                "You have a service account of this name.",
                code="service_account_exists",
                param="name",
            )
        if mine.count() >= MAX_SERVICE_ACCOUNTS:
            raise InvalidRequest(
                f"An account has at most {MAX_SERVICE_ACCOUNTS} service accounts.",
                code="too_many_service_accounts",
            )
        made = ServiceAccount(
            account=account, name=name, description=description, role=role, created_by=created_by
        )
        made.full_clean()
        made.save()
        audit(account, "service_account.create", name, after={"role": role})
    return made


def service_account_delete(*, account: Account, service_id: int, asked_by: ApiKey) -> None:
    """Ends the service account with its keys. NotFound, PermissionDenied."""
    with transaction.atomic():
        # The account's lock also keeps out a key that is being made for it.
        granted = key_asking(account, asked_by, scopes.TEAM_WRITE).scopes
        found = service_account_get(account, service_id)
        require_rank(granted, found.role)
        for key in keys_of(account).filter(service_account=found):
            key_revoke(account=account, key_id=key.pk)
        found.deleted_at = timezone.now()
        found.save(update_fields=["deleted_at"])
        audit(account, "service_account.delete", found.name, before={"role": found.role})
