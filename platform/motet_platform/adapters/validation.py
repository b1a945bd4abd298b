"""What happens to an upload after its last byte: the gate, then `ready` or `rejected`."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from motet_inference.rpc.digest import adapter_digest

from motet_platform.adapters.aliases import default_update
from motet_platform.adapters.files import content, publish, staged_files, staging
from motet_platform.adapters.gate.lora_config import MAX_BYTES
from motet_platform.adapters.gate.refusal import Refusal
from motet_platform.adapters.gate.run import gate_run
from motet_platform.adapters.models import Adapter, Part, State, UploadPart, Version
from motet_platform.adapters.receive import scratch_folder
from motet_platform.adapters.resumable import upload_abandon
from motet_platform.adapters.storage import get_store
from motet_platform.config import get_config
from motet_platform.outbox.services import task_add

log = logging.getLogger(__name__)

UPLOAD_PATIENCE = timedelta(hours=24)
GATE_PATIENCE = timedelta(hours=1)


def version_validate(*, version_id: int) -> None:
    """Runs the gate over a version in state `validating`; safe to repeat."""
    version = (
        Version.objects.filter(pk=version_id, state=State.VALIDATING)
        .select_related("adapter__base")
        .first()
    )
    if version is None:
        return
    with tempfile.TemporaryDirectory(dir=scratch_folder(), prefix="gate-") as folder:
        try:
            local = staged_files(version, Path(folder))
            facts = _check(version, local)
        except Refusal as refusal:
            _version_reject(version, refusal)
        else:
            with _content_lock(version.digest):
                uri = publish(version, local)
            _version_ready(version, facts, uri=uri)
    UploadPart.objects.filter(version=version).delete()
    get_store().remove(staging(version.pk))


def _check(version: Version, local: dict[Part, Path]) -> dict[str, Any]:
    facts = gate_run(
        local[Part.CONFIG],
        local[Part.MODEL],
        version.adapter.base.config,
        max_rank=get_config().max_rank,
    )
    # The gate read every byte anyway: what is published is what was hashed.
    with local[Part.CONFIG].open("rb") as file:
        config_sha256 = hashlib.sha256(file.read(MAX_BYTES + 1)).hexdigest()
    if adapter_digest(config_sha256, facts["model_sha256"]) != version.digest:
        raise Refusal(
            "upload_digest_mismatch",
            "The bytes that arrived are not those that were declared: upload them again.",
        )
    return {**facts, "config_sha256": config_sha256}


def _version_ready(version: Version, facts: dict[str, Any], *, uri: str) -> None:
    rank = facts.pop("rank")
    with transaction.atomic():
        adapter = Adapter.objects.select_for_update().get(pk=version.adapter_id)
        made = Version.objects.filter(pk=version.pk, state=State.VALIDATING).update(
            state=State.READY, rank=rank, uri=uri, details=facts, ready_at=timezone.now()
        )
        if made:
            default_update(adapter)
        else:  # deleted while it was checked: the published files may be nobody's
            task_add(kind="adapter.remove_files", payload={"digest": version.digest})


def _version_reject(version: Version, refusal: Refusal) -> None:
    log.info("%s rejected: %s", version, refusal.code)
    Version.objects.filter(pk=version.pk, state=State.VALIDATING).update(
        state=State.REJECTED, error_code=refusal.code, error_message=refusal.message
    )


@contextmanager
def _content_lock(digest: str) -> Iterator[None]:
    """One at a time publishes or removes the files of a digest. A version that publishes is
    `validating`, so whoever removes after it finds it alive."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [digest])
        yield


def content_remove(*, digest: str) -> None:
    """Removes the files of a digest that no live version has."""
    with _content_lock(digest):
        live = Version.objects.filter(digest=digest, state__in=(State.VALIDATING, State.READY))
        if not live.exists():
            get_store().remove(content(digest))


def uploads_sweep() -> int:
    """Ends uploads that nobody goes on with, and versions that the gate never answered for."""
    now = timezone.now()
    unfinished = Version.objects.annotate(touched=Max("parts__updated_at"))
    ended = 0
    for version in unfinished.filter(state=State.UPLOADING, created_at__lt=now - UPLOAD_PATIENCE):
        if (version.touched or version.created_at) < now - UPLOAD_PATIENCE:
            upload_abandon(
                version=version,
                code="upload_abandoned",
                message="No bytes came for a day: upload it again.",
            )
            ended += 1
    for version in unfinished.filter(state=State.VALIDATING, created_at__lt=now - GATE_PATIENCE):
        if (version.touched or version.created_at) < now - GATE_PATIENCE:
            upload_abandon(
                version=version,
                code="validation_unavailable",
                message="The check could not be run: upload it again.",
            )
            ended += 1
    return ended
