"""Changes to adapters and their versions. What changes an adapter locks its row first."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Max, QuerySet, Sum
from django.db.models.functions import Now
from django.utils import timezone

from motet_platform.accounts.models import Account, User
from motet_platform.accounts.selectors import account_lock
from motet_platform.adapters.aliases import default_update
from motet_platform.adapters.files import staged_key, staging
from motet_platform.adapters.models import Adapter, Alias, AliasTarget, Import, Part, State, Version
from motet_platform.adapters.multipart import AdapterFiles
from motet_platform.adapters.storage import get_store
from motet_platform.audit.services import audit
from motet_platform.catalog.selectors import base_get
from motet_platform.config import get_config
from motet_platform.errors import InvalidRequest, NotFound, RateLimited
from motet_platform.outbox.services import task_add

MAX_ADAPTERS = 10_000
MAX_UNFINISHED = 50
# Of one adapter, so that it can be shown whole; of those that were refused the newest few tell why.
MAX_VERSIONS = 200
MAX_REJECTED = 20
LIVE = (State.UPLOADING, State.VALIDATING, State.READY)
# A worker may still be pulling the files of a request that was let in before the deletion.
KEEP_FILES = timedelta(minutes=1)


def adapter_create(
    *, account: Account, name: str, base_model: str, description: str = ""
) -> Adapter:
    """An adapter without versions. InvalidRequest `adapter_exists`; ModelNotFound for its base."""
    base = base_get(base_model)
    with transaction.atomic():
        account_lock(account.pk)
        existing = Adapter.objects.filter(account=account, deleted_at=None)
        if existing.filter(name=name).exists():
            raise InvalidRequest(
                f"You have an adapter {name} already: add a version to it, or delete it.",
                code="adapter_exists",
                param="name",
            )
        if existing.count() >= MAX_ADAPTERS:
            raise InvalidRequest(
                f"An account has at most {MAX_ADAPTERS} adapters.", code="too_many_adapters"
            )
        adapter = Adapter(account=account, name=name, base=base, description=description)
        adapter.full_clean()
        adapter.save()
        audit(account, "adapter.create", name, after={"base_model": base_model})
    return adapter


def adapter_delete(*, adapter: Adapter) -> None:
    """Ends the adapter with all versions; its name is free again. Running streams finish."""
    with transaction.atomic():
        adapter_lock(adapter)
        Alias.objects.filter(adapter=adapter).delete()
        for version in adapter.versions.exclude(state=State.DELETED):
            _version_end(version)
        adapter.deleted_at = timezone.now()
        adapter.save(update_fields=["deleted_at"])
        audit(adapter.account_id, "adapter.delete", adapter.name)


def version_delete(*, version: Version) -> None:
    """InvalidRequest `version_in_use` while an alias that was set by hand leads to it."""
    with transaction.atomic():
        adapter = adapter_lock(version.adapter)
        targets = AliasTarget.objects.filter(version=version).select_related("alias")
        held = [
            t.alias.name
            for t in targets
            if t.alias.name != "default" or not adapter.default_follows
        ]
        if held:
            raise InvalidRequest(
                f"The alias {held[0]} leads to this version: point it elsewhere first.",
                code="version_in_use",
            )
        targets.delete()
        _version_end(version)
        default_update(adapter)
        audit(adapter.account_id, "version.delete", f"{adapter.name}@{version.number}")


def version_open(*, adapter: Adapter, created_by: User | None, size: int | None) -> Version:
    """The next version, in state `uploading`, if the account has room for `size` bytes more; None:
    nobody knows yet how many come, and `version_reserve` takes the room."""
    with transaction.atomic():
        account_lock(adapter.account_id)  # before the adapter's, as the end of an account does
        adapter_lock(adapter)
        mine = Version.objects.filter(adapter__account_id=adapter.account_id)
        if mine.filter(state__in=(State.UPLOADING, State.VALIDATING)).count() >= MAX_UNFINISHED:
            raise RateLimited(
                "Too many uploads are under way.", retry_after=30, code="too_many_uploads"
            )
        _require_room(mine, size or 0)
        _make_way(adapter)
        last = adapter.versions.aggregate(last=Max("number"))["last"] or 0
        return Version.objects.create(
            adapter=adapter, number=last + 1, size=size, created_by=created_by
        )


def version_reserve(*, version: Version, size: int) -> None:
    """Takes room for what was opened without a size. InvalidRequest `storage_quota_exceeded`."""
    account_id = version.adapter.account_id
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account_id)
        others = Version.objects.filter(adapter__account_id=account_id).exclude(pk=version.pk)
        _require_room(others, size)
        Version.objects.filter(pk=version.pk).update(size=size)


def _make_way(adapter: Adapter) -> None:
    """InvalidRequest `too_many_versions`."""
    if adapter.versions.filter(state__in=LIVE).count() >= MAX_VERSIONS:
        raise InvalidRequest(
            f"An adapter has at most {MAX_VERSIONS} versions: delete some.",
            code="too_many_versions",
        )
    rejected = adapter.versions.filter(state=State.REJECTED).order_by("-number")
    kept = rejected.values("pk")[:MAX_REJECTED]
    rejected.exclude(pk__in=list(kept.values_list("pk", flat=True))).update(state=State.DELETED)


def _require_room(kept: QuerySet[Version], size: int) -> None:
    used = kept.filter(state__in=LIVE).aggregate(total=Sum("size"))["total"] or 0
    if used + size > get_config().account_storage_bytes:
        raise InvalidRequest(
            f"Your adapters use {used} bytes of {get_config().account_storage_bytes}: "
            "delete some versions.",
            code="storage_quota_exceeded",
        )


def version_upload(
    *, adapter: Adapter, files: AdapterFiles, created_by: User | None = None
) -> tuple[Version, bool]:
    """Takes two files whole. The version, and whether it is new: the same bytes again lead to the
    version that has them, so that a repeated upload does no harm."""
    digest = files.digest
    same = adapter.versions.filter(digest=digest, state__in=(State.VALIDATING, State.READY)).first()
    if same is not None:
        return same, False
    version = version_open(adapter=adapter, created_by=created_by, size=files.size)
    try:
        files_stage(version=version, files=files)
        version_submit(version=version, digest=digest)
    except BaseException:
        get_store().remove(staging(version.pk))
        version.delete()
        raise
    return version, True


def files_stage(*, version: Version, files: AdapterFiles) -> None:
    """Puts two whole files where the gate looks for them. StorageFull, Unavailable."""
    for part in Part:
        get_store().put(staged_key(version.pk, part), files[part].file)


def version_submit(*, version: Version, digest: str) -> None:
    """All bytes are in the staging folder: hand it to the gate."""
    with transaction.atomic():
        changed = Version.objects.filter(pk=version.pk, state=State.UPLOADING).update(
            state=State.VALIDATING, digest=digest
        )
        if not changed:
            raise NotFound("There is no such version.", code="version_not_found")
        task_add(kind="adapter.validate", payload={"version": version.pk})
        adapter = version.adapter
        audit(
            adapter.account_id, "version.create", f"{adapter.name}@{version.number}",
            after={"digest": digest},
        )  # fmt: skip
    version.refresh_from_db()


def adapter_lock(adapter: Adapter) -> Adapter:
    """The adapter's row, locked to the end of the transaction. NotFound if it was just deleted."""
    locked = Adapter.objects.select_for_update().filter(pk=adapter.pk, deleted_at=None).first()
    if locked is None:
        raise NotFound("There is no such adapter.", code="adapter_not_found")
    return locked


def _version_end(version: Version) -> None:
    version.state = State.DELETED
    version.save(update_fields=["state"])
    # What was to be imported is not any more: its secrets go at once, whoever still downloads.
    Import.objects.filter(version=version, ended_at=None).update(secret="", ended_at=Now())
    task_add(kind="adapter.remove_staging", payload={"version": version.pk})
    if version.digest:
        task_add(kind="adapter.remove_files", payload={"digest": version.digest}, delay=KEEP_FILES)
