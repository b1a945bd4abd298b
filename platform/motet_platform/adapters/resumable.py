"""The form of an upload for large files: declared first, sent in chunks, then completed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from motet_inference.rpc.digest import adapter_digest

from motet_platform.accounts.models import User
from motet_platform.adapters.files import chunk_key, staging
from motet_platform.adapters.models import Adapter, Part, State, UploadPart, Version
from motet_platform.adapters.receive import Limit, Received
from motet_platform.adapters.services import version_open, version_submit
from motet_platform.adapters.storage import get_store
from motet_platform.errors import InvalidRequest, NotFound

MAX_CHUNK = 64 * 1024 * 1024
MAX_CHUNKS = 10_000


@dataclass(frozen=True)
class Declared:
    size: int
    sha256: str


def upload_declare(
    *, adapter: Adapter, parts: Mapping[Part, Declared], created_by: User | None = None
) -> Version:
    """A version that waits for its bytes. PayloadTooLarge before any of them is sent."""
    for part, declared in parts.items():
        Limit.of(part).check(declared.size)
    with transaction.atomic():
        total = sum(declared.size for declared in parts.values())
        version = version_open(adapter=adapter, created_by=created_by, size=total)
        UploadPart.objects.bulk_create(
            UploadPart(version=version, part=part, size=declared.size, sha256=declared.sha256)
            for part, declared in parts.items()
        )
    return version


def part_append(
    *, version: Version, part: Part, start: int, total: int, chunk: Received
) -> UploadPart:
    """Adds a chunk that begins where the last one ended, and makes it durable.

    InvalidRequest `upload_offset_mismatch` (header upload-offset says where to go on),
    `upload_size_mismatch`; NotFound where no upload is under way.
    """
    with transaction.atomic():
        row = UploadPart.objects.select_for_update().filter(version=version, part=part).first()
        state = Version.objects.filter(pk=version.pk).values_list("state", flat=True).first()
        if row is None or state != State.UPLOADING:
            raise NotFound("No upload is under way here.", code="upload_not_found")
        if total != row.size or start + chunk.size > row.size:
            raise InvalidRequest(
                f"{part.value} was declared with {row.size} bytes.", code="upload_size_mismatch"
            )
        if start != row.received:
            raise InvalidRequest(
                f"{row.received} bytes are here: go on from there.",
                code="upload_offset_mismatch",
                headers={"upload-offset": str(row.received)},
            )
        if len(row.chunks) >= MAX_CHUNKS:
            raise InvalidRequest("Send larger chunks.", code="upload_too_many_chunks")
        get_store().put(chunk_key(version.pk, part, len(row.chunks)), chunk.file)
        row.received += chunk.size
        row.chunks = [*row.chunks, chunk.size]
        row.updated_at = timezone.now()
        row.save(update_fields=["received", "chunks", "updated_at"])
    return row


def upload_complete(*, version: Version) -> Version:
    """Hands a whole upload to the gate. InvalidRequest `upload_incomplete`; safe to repeat."""
    if version.state in (State.VALIDATING, State.READY):
        return version
    rows = {Part(row.part): row for row in version.parts.all()}
    if version.state != State.UPLOADING or set(rows) != set(Part):
        raise NotFound("No upload is under way here.", code="upload_not_found")
    for part, row in rows.items():
        if row.received != row.size:
            raise InvalidRequest(
                f"{part.value} has {row.received} of {row.size} bytes.",
                code="upload_incomplete",
                param=part.value,
            )
    digest = adapter_digest(rows[Part.CONFIG].sha256, rows[Part.MODEL].sha256)
    version_submit(version=version, digest=digest)
    return version


def upload_abandon(
    *,
    version: Version,
    code: str,
    message: str,
    stuck: Collection[State] = (State.UPLOADING, State.VALIDATING),
) -> None:
    """Ends an upload that got stuck in one of these states."""
    ended = Version.objects.filter(pk=version.pk, state__in=stuck).update(
        state=State.REJECTED, error_code=code, error_message=message
    )
    if ended:
        UploadPart.objects.filter(version=version).delete()
        get_store().remove(staging(version.pk))
