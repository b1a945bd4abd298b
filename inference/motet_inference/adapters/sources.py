"""Where adapter files come from: a folder on this machine, or a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from motet_inference.adapters.errors import AdapterError

_CHUNK = 1 << 20


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
        return _Bucket(parts.netloc, path.strip("/"), s3_endpoint)
    raise AdapterError("adapter_unavailable", "The adapter is in a store that is not known here.")


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def chunks(self, name: str) -> Iterator[bytes]:
        try:
            with (self._folder / name).open("rb") as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except OSError as error:
            raise AdapterError("adapter_unavailable", f"{name} cannot be read.") from error


class _Bucket:
    def __init__(self, bucket: str, prefix: str, endpoint: str | None) -> None:
        self._bucket, self._prefix, self._endpoint = bucket, prefix, endpoint

    def chunks(self, name: str) -> Iterator[bytes]:
        key = f"{self._prefix}/{name}" if self._prefix else name
        try:
            body = self._client().get_object(Bucket=self._bucket, Key=key)["Body"]
            yield from body.iter_chunks(_CHUNK)
        except (BotoCoreError, ClientError) as error:
            raise AdapterError("adapter_unavailable", f"{name} cannot be fetched.") from error

    def _client(self) -> Any:
        # A session of its own: boto3's default one is not safe to make clients of in threads.
        config = Config(
            connect_timeout=5, read_timeout=30, retries={"max_attempts": 4, "mode": "standard"}
        )
        return boto3.session.Session().client("s3", endpoint_url=self._endpoint, config=config)
