"""Reads of adapters, always within one account: what is another's is not there."""

from __future__ import annotations

from django.db.models import Count, Prefetch, Q, QuerySet

from motet_platform.accounts.models import Account
from motet_platform.adapters.models import Adapter, Alias, AliasTarget, State, Version
from motet_platform.errors import NotFound


def adapters_of(account: Account, *, newest: int | None = None) -> QuerySet[Adapter]:
    """Those that are not deleted, with what showing them needs: in `shown` of each its versions, or
    so many of the newest; `num_versions` counts all of them."""
    targets = AliasTarget.objects.select_related("version").order_by("-weight", "version__number")
    aliases = Alias.objects.order_by("name").prefetch_related(Prefetch("targets", targets))
    versions = _shown(Version.objects.exclude(state=State.DELETED)).order_by("-number")[:newest]
    return (
        Adapter.objects.filter(account=account, deleted_at=None)
        .select_related("base", "account")
        .annotate(num_versions=Count("versions", filter=~Q(versions__state=State.DELETED)))
        .prefetch_related(Prefetch("aliases", aliases), Prefetch("versions", versions, "shown"))
    )


def adapter_get(account: Account, name: str) -> Adapter:
    """NotFound `adapter_not_found`, also for another account's."""
    adapter = (
        Adapter.objects.filter(account=account, name=name, deleted_at=None)
        .select_related("base", "account")
        .first()
    )
    if adapter is None:
        raise NotFound("There is no such adapter.", code="adapter_not_found")
    return adapter


def versions_of(adapter: Adapter) -> QuerySet[Version]:
    return _shown(adapter.versions.exclude(state=State.DELETED))


def _shown(versions: QuerySet[Version]) -> QuerySet[Version]:
    return versions.select_related("imported").prefetch_related("parts")


def version_get(account: Account, name: str, number: int) -> Version:
    """NotFound `adapter_not_found` or `version_not_found`."""
    adapter = adapter_get(account, name)
    version = versions_of(adapter).filter(number=number).first()
    if version is None:
        raise NotFound("There is no such version.", code="version_not_found")
    version.adapter = adapter
    return version


def versions_ready(account: Account) -> QuerySet[Version]:
    """Every version of the account that can be called, by the adapter's name."""
    mine = Version.objects.filter(
        adapter__account=account, adapter__deleted_at=None, state=State.READY
    )
    return mine.select_related("adapter__account", "adapter__base").order_by(
        "adapter__name", "-number"
    )


def aliases_of(adapter: Adapter) -> QuerySet[Alias]:
    return adapter.aliases.order_by("name").prefetch_related(
        Prefetch("targets", AliasTarget.objects.select_related("version").order_by("-weight"))
    )
