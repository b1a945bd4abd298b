"""Sending an adapter's two files: in one form, or in chunks where they are large."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from motet_platform.cli.client import ApiError, check

FILES = {
    "adapter_config": "adapter_config.json",
    "adapter_model": "adapter_model.safetensors",
}
ONE_FORM = 32 * 1024 * 1024  # up to here, all in one request
CHUNK = 16 * 1024 * 1024
TRIES = 5

Progress = Callable[[int], None]  # bytes that went out since the last call
Tell = Callable[[dict[str, Any]], None]


def _nobody(version: dict[str, Any]) -> None:
    pass


def send(client: httpx.Client, name: str, folder: Path, progress: Progress) -> dict[str, Any]:
    """Uploads what is in `folder` as a new version of adapter `name`; the version as it is then."""
    paths = {part: folder / file for part, file in FILES.items()}
    if sum(path.stat().st_size for path in paths.values()) <= ONE_FORM:
        return _send_form(client, name, paths, progress)
    return _send_chunks(client, name, paths, progress)


def wait(
    client: httpx.Client, name: str, number: int, *, seconds: float, tell: Tell = _nobody
) -> dict[str, Any]:
    """The version once the gate has answered, or as it is after `seconds`; `tell` hears of it each
    time that it is looked at."""
    end = time.monotonic() + seconds
    while True:
        version: dict[str, Any] = check(client.get(f"adapters/{name}/versions/{number}"))
        tell(version)
        if version["state"] in ("ready", "rejected") or time.monotonic() > end:
            return version
        time.sleep(0.2)


def _send_form(
    client: httpx.Client, name: str, paths: dict[str, Path], progress: Progress
) -> dict[str, Any]:
    files = {part: (path.name, path.read_bytes()) for part, path in paths.items()}
    version: dict[str, Any] = check(client.post(f"adapters/{name}/versions", files=files))
    progress(sum(len(data) for _, data in files.values()))
    return version


def _send_chunks(
    client: httpx.Client, name: str, paths: dict[str, Path], progress: Progress
) -> dict[str, Any]:
    declared = {part: _declare(path) for part, path in paths.items()}
    version = check(client.post(f"adapters/{name}/versions", json=declared))
    url = f"adapters/{name}/versions/{version['version']}"
    for part, path in paths.items():
        _send_part(client, url, part, path, progress)
    done: dict[str, Any] = check(client.post(f"{url}/complete"))
    return done


def _declare(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return {"size": path.stat().st_size, "sha256": digest.hexdigest()}


def _send_part(client: httpx.Client, url: str, part: str, path: Path, progress: Progress) -> None:
    size, start, failures = path.stat().st_size, 0, 0
    with path.open("rb") as file:
        while start < size:
            file.seek(start)
            chunk = file.read(CHUNK)
            headers = {
                "content-range": f"bytes {start}-{start + len(chunk) - 1}/{size}",
                "content-type": "application/octet-stream",
            }
            before = start
            try:
                answer = client.put(f"{url}/parts/{part}", content=chunk, headers=headers)
                start = check(answer)["received"]
                failures = 0
            except (httpx.TransportError, ApiError) as error:
                failures += 1
                lost = isinstance(error, httpx.TransportError) or error.status >= 500
                known = isinstance(error, ApiError) and error.code == "upload_offset_mismatch"
                if failures >= TRIES or not (lost or known):
                    raise
                time.sleep(0 if known else 2.0**failures / 2)
                start = _received(client, url, part)
            progress(start - before)


def _received(client: httpx.Client, url: str, part: str) -> int:
    """How far the part has come, after an answer that was lost."""
    version = check(client.get(url))
    return int(next(p["received"] for p in version["parts"] if p["part"] == part))
