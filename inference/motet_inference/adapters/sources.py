"""Where adapter files come from: a folder on this machine, or a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from motet_inference.adapters.errors import AdapterError
from motet_inference.adapters.files import CHUNK


class Source(Protocol):
    """A place that holds an adapter's files."""

    def chunks(self, name: str) -> Iterator[bytes]:
        """One file's bytes. Raises AdapterError (adapter_unavailable)."""


def open_source(uri: str, *, s3_endpoint: str | None = None) -> Source:
    """`file:///absolute/folder` or `s3://bucket/prefix`. Raises AdapterError for anything else."""
    parts = urlsplit(uri)
    path = unquote(parts.path)
    if parts.scheme == "file" and not parts.netloc and path.startswith("/"):
        return _Folder(Path(path))
    if parts.scheme == "s3" and parts.netloc:
        # Late: boto3 is much to import, and a worker whose adapters lie in folders needs none.
        from motet_inference.adapters.bucket import Bucket

        return Bucket(parts.netloc, path.strip("/"), s3_endpoint)
    raise AdapterError("adapter_unavailable", "The adapter is in a store that is not known here.")


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def chunks(self, name: str) -> Iterator[bytes]:
        try:
            with (self._folder / name).open("rb") as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except OSError as error:
            raise AdapterError("adapter_unavailable", f"{name} cannot be read.") from error
