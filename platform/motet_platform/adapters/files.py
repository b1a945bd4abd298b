"""Where a version's files lie in the store, while it is checked and after."""

from __future__ import annotations

import shutil
from pathlib import Path

from motet_platform.adapters.gate.refusal import Refusal
from motet_platform.adapters.models import Part, UploadPart, Version
from motet_platform.adapters.storage import disk_errors, get_store

FILE_NAMES = {
    Part.CONFIG: "adapter_config.json",
    Part.MODEL: "adapter_model.safetensors",
}


def staging(version_id: int) -> str:
    return f"staging/{version_id}"


def staged_key(version_id: int, part: Part) -> str:
    return f"{staging(version_id)}/{FILE_NAMES[part]}"


def chunk_key(version_id: int, part: Part, index: int) -> str:
    return f"{staging(version_id)}/{part.value}.{index:05d}"


def content(digest: str) -> str:
    return f"adapters/{digest}"


def staged_files(version: Version, folder: Path) -> dict[Part, Path]:
    """Local copies of what was uploaded, chunks put together. Refusal `upload_size_mismatch`."""
    store = get_store()
    chunked = {Part(row.part): row for row in version.parts.all()}
    if not chunked:
        return {part: store.local(staged_key(version.pk, part), folder) for part in FILE_NAMES}
    return {part: _assemble(version, part, row, folder) for part, row in chunked.items()}


def _assemble(version: Version, part: Part, row: UploadPart, folder: Path) -> Path:
    target = folder / FILE_NAMES[part]
    with disk_errors(), target.open("wb") as out:
        for index in range(len(row.chunks)):
            piece = get_store().local(chunk_key(version.pk, part, index), folder)
            with piece.open("rb") as file:
                shutil.copyfileobj(file, out, 1024 * 1024)
            if piece.is_relative_to(folder):
                piece.unlink()
    if target.stat().st_size != row.size:
        raise Refusal("upload_size_mismatch", f"{FILE_NAMES[part]} is not as long as declared.")
    return target


def publish(version: Version, local: dict[Part, Path]) -> str:
    """Puts the checked files where workers find them; the folder's address. Safe to repeat."""
    store = get_store()
    folder = content(version.digest)
    for part, name in FILE_NAMES.items():
        if version.parts.exists():
            with local[part].open("rb") as file:
                store.put(f"{folder}/{name}", file)
        else:
            store.copy(staged_key(version.pk, part), f"{folder}/{name}")
    return store.uri(folder)
