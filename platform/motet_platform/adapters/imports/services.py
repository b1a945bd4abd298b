"""The row of an import: asked for, claimed by one process, renewed while bytes come, ended once.

A lease that is not renewed means that its process died; the sweeper then tells so.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from motet_platform.accounts.models import User
from motet_platform.adapters.files import staging
from motet_platform.adapters.imports.fetch import Progress
from motet_platform.adapters.imports.source import Source, source_check, source_row
from motet_platform.adapters.models import Adapter, Import, State, Version
from motet_platform.adapters.resumable import upload_abandon
from motet_platform.adapters.services import version_open, version_submit
from motet_platform.adapters.storage import get_store
from motet_platform.audit.services import audit

LEASE = timedelta(seconds=30)
RUNNING_OF_ACCOUNT = 2  # at once, so that nobody's slow sources keep others waiting


def import_open(*, adapter: Adapter, source: Source, created_by: User | None = None) -> Version:
    """A version whose files are to be fetched. InvalidRequest, NotBuilt `hub_off` or
    `url_import_off`, RateLimited `too_many_uploads`."""
    source_check(source)
    with transaction.atomic():
        version = version_open(adapter=adapter, created_by=created_by, size=None)
        row = source_row(source)
        row.version, row.account_id = version, adapter.account_id
        row.save()
        named = ("host", "repository", "revision", "subfolder")
        audit(
            adapter.account_id, "version.import", f"{adapter.name}@{version.number}",
            after={name: getattr(row, name) for name in named if getattr(row, name)},
        )  # fmt: skip
    return version


def import_claim() -> Import | None:
    """The oldest that waits and may begin, for the caller alone to run."""
    of_account = _under_way().filter(account=OuterRef("account"), lease_until__gt=Now())
    running = of_account.order_by().values("account").annotate(n=Count("pk")).values("n")
    with transaction.atomic():
        row = (
            _under_way()
            .filter(lease_until=None, account__suspended_at=None)
            .annotate(running=Coalesce(Subquery(running), 0))
            .filter(running__lt=RUNNING_OF_ACCOUNT)
            .select_related("version__adapter__account")
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("pk")
            .first()
        )
        if row is not None:
            Import.objects.filter(pk=row.pk).update(lease_until=Now() + LEASE)
    return row


def import_renew(row: Import, progress: Progress) -> bool:
    """Notes how far it is. False where it is to stop: the version was deleted, or ended."""
    return bool(
        _under_way()
        .filter(pk=row.pk)
        .update(
            lease_until=Now() + LEASE,
            received=progress.received,
            total=progress.total,
            commit=progress.commit,
        )
    )


def import_release(row: Import) -> None:
    """Gives it back, to be begun anew by another process."""
    _under_way().filter(pk=row.pk).update(lease_until=None, received=0, total=None)


def import_submit(row: Import, progress: Progress, *, digest: str) -> None:
    """The files are staged: hands the version to the gate. NotFound where it is gone."""
    with transaction.atomic():
        import_renew(row, progress)
        version_submit(version=row.version, digest=digest)
        _end(row.pk)


def import_fail(row: Import, *, code: str, message: str) -> None:
    """Ends it without a version. Safe to repeat."""
    upload_abandon(version=row.version, code=code, message=message, stuck=(State.UPLOADING,))
    _end(row.pk)


def imports_sweep() -> int:
    """Ends what a process left when it died, and what is nobody's any more; how many."""
    left = Import.objects.filter(ended_at=None).filter(
        Q(lease_until__lt=Now()) | ~Q(version__state=State.UPLOADING)
    )
    rows = list(left.select_related("version"))
    for row in rows:
        import_fail(
            row,
            code="import_interrupted",
            message="The server was interrupted while it fetched the files: import them again.",
        )
        # Whoever died may have been about to stage files of a version that was deleted by then.
        if not Version.objects.filter(
            pk=row.version_id, state__in=(State.VALIDATING, State.READY)
        ).exists():
            get_store().remove(staging(row.version_id))
    return len(rows)


def _under_way() -> QuerySet[Import]:
    return Import.objects.filter(ended_at=None, version__state=State.UPLOADING)


def _end(pk: int) -> None:
    Import.objects.filter(pk=pk, ended_at=None).update(secret="", ended_at=Now())
