"""Changes to aliases: which versions a name leads to, and with which share of the traffic."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from motet_platform.adapters.models import Adapter, Alias, AliasTarget, State
from motet_platform.audit.services import audit
from motet_platform.errors import InvalidRequest, NotFound

DEFAULT = "default"
MAX_ALIASES = 100
MAX_TARGETS = 10


def alias_set(*, adapter: Adapter, name: str, weights: Mapping[int, int]) -> Alias:
    """Points an alias to versions (number -> weight), all at once. Setting `default` by hand ends
    its following of the newest version. InvalidRequest `version_not_ready`."""
    with transaction.atomic():
        adapter = Adapter.objects.select_for_update().get(pk=adapter.pk)
        if adapter.deleted_at is not None:
            raise NotFound("There is no such adapter.", code="adapter_not_found")
        ready = {
            v.number: v for v in adapter.versions.filter(state=State.READY, number__in=weights)
        }
        if missing := sorted(set(weights) - set(ready)):
            raise InvalidRequest(
                f"Version {missing[0]} is not ready.", code="version_not_ready", param="targets"
            )
        alias = adapter.aliases.filter(name=name).first() or Alias(adapter=adapter, name=name)
        if alias.pk is None and adapter.aliases.count() >= MAX_ALIASES:
            raise InvalidRequest(
                f"An adapter has at most {MAX_ALIASES} aliases.", code="too_many_aliases"
            )
        alias.updated_at = timezone.now()
        alias.full_clean()
        alias.save()
        before = _shares(alias)
        alias.targets.all().delete()
        AliasTarget.objects.bulk_create(
            AliasTarget(alias=alias, version=ready[number], weight=weight)
            for number, weight in weights.items()
        )
        if name == DEFAULT and adapter.default_follows:
            adapter.default_follows = False
            adapter.save(update_fields=["default_follows"])
        audit(
            adapter.account_id, "alias.set", f"{adapter.name}:{name}",
            before=before, after=_shares(alias),
        )  # fmt: skip
    return alias


def alias_delete(*, adapter: Adapter, name: str) -> None:
    """Removes an alias; `default` goes back to following the newest version."""
    with transaction.atomic():
        adapter = Adapter.objects.select_for_update().get(pk=adapter.pk)
        alias = adapter.aliases.filter(name=name).first()
        if alias is None:
            raise NotFound("There is no such alias.", code="alias_not_found")
        audit(adapter.account_id, "alias.delete", f"{adapter.name}:{name}", before=_shares(alias))
        alias.delete()
        if name == DEFAULT:
            adapter.default_follows = True
            adapter.save(update_fields=["default_follows"])
            default_update(adapter)


def _shares(alias: Alias) -> dict[str, int]:
    """Version number -> weight, as the audit log shows it."""
    return {str(t.version.number): t.weight for t in alias.targets.select_related("version")}


def default_update(adapter: Adapter) -> None:
    """Where `default` follows: to the newest ready version. The caller has locked the adapter."""
    if not adapter.default_follows:
        return
    newest = adapter.versions.filter(state=State.READY).order_by("-number").first()
    if newest is None:
        adapter.aliases.filter(name=DEFAULT).delete()
        return
    alias, _ = Alias.objects.get_or_create(adapter=adapter, name=DEFAULT)
    if list(alias.targets.values_list("version_id", flat=True)) != [newest.pk]:
        alias.targets.all().delete()
        AliasTarget.objects.create(alias=alias, version=newest)
        alias.updated_at = timezone.now()
        alias.save(update_fields=["updated_at"])
