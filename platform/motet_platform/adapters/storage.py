"""Where adapter files lie: a folder, or an S3 bucket. Keys are relative paths with slashes.

staging/<version id>/...   what has been uploaded and not yet been checked
adapters/<digest>/...      good versions, by content: the folder that workers pull from
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import quote, unquote, urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from motet_platform.config import get_config
from motet_platform.errors import StorageFull, Unavailable


class Store(Protocol):
    """Every write is atomic: a key holds a whole object or none."""

    def uri(self, prefix: str) -> str:
        """The address of a folder, as workers take it."""

    def put(self, key: str, source: IO[bytes]) -> None:
        """Stores what is left in `source`. StorageFull, Unavailable."""

    def local(self, key: str, folder: Path) -> Path:
        """A file to read with the object's bytes, in `folder` if the store is not local."""

    def copy(self, source: str, target: str) -> None:
        """Gives an object a second key; an object that is there already is left as it is."""

    def remove(self, prefix: str) -> None:
        """Removes everything under a folder; nothing there is no error."""


@contextmanager
def disk_errors() -> Iterator[None]:
    """A full disk is 507, any other trouble with it 503."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFull from error
        raise Unavailable("The file store is out of order.", code="store_unavailable") from error


class FolderStore:
    def __init__(self, root: Path) -> None:
        self._root = root

    def uri(self, prefix: str) -> str:
        return f"file://{quote(str(self._root))}/{prefix}"

    def put(self, key: str, source: IO[bytes]) -> None:
        target = self._path(key)
        with disk_errors():
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as file:
                try:
                    shutil.copyfileobj(source, file, 1024 * 1024)
                    file.flush()
                    os.fsync(file.fileno())
                    Path(file.name).chmod(0o644)
                    Path(file.name).replace(target)
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise
            _sync_folder(target.parent)

    def local(self, key: str, folder: Path) -> Path:
        return self._path(key)

    def copy(self, source: str, target: str) -> None:
        path = self._path(target)
        with disk_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(self._path(source), path)
            except FileExistsError:
                return
            _sync_folder(path.parent)

    def remove(self, prefix: str) -> None:
        shutil.rmtree(self._path(prefix), ignore_errors=True)

    def _path(self, key: str) -> Path:
        return self._root / key


def _sync_folder(folder: Path) -> None:
    """Makes a new name in the folder last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class BucketStore:
    def __init__(self, bucket: str, prefix: str, endpoint: str | None) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._client: Any = boto3.client("s3", endpoint_url=endpoint)

    def uri(self, prefix: str) -> str:
        return f"s3://{self._bucket}/{self._prefix}{prefix}"

    def put(self, key: str, source: IO[bytes]) -> None:
        with _bucket_errors():
            self._client.upload_fileobj(source, self._bucket, self._prefix + key)

    def local(self, key: str, folder: Path) -> Path:
        target = folder / key.replace("/", "_")
        with _bucket_errors(), disk_errors():
            self._client.download_file(self._bucket, self._prefix + key, str(target))
        return target

    def copy(self, source: str, target: str) -> None:
        origin = {"Bucket": self._bucket, "Key": self._prefix + source}
        with _bucket_errors():
            self._client.copy(origin, self._bucket, self._prefix + target)

    def remove(self, prefix: str) -> None:
        with _bucket_errors():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"{self._prefix}{prefix}/"
            )
            for page in pages:
                for found in page.get("Contents", []):
                    self._client.delete_object(Bucket=self._bucket, Key=found["Key"])


@contextmanager
def _bucket_errors() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError, boto3.exceptions.Boto3Error) as error:
        raise Unavailable("The object store is out of order.", code="store_unavailable") from error


def store_at(uri: str, *, endpoint: str | None = None) -> Store:
    """`file:///folder` or `s3://bucket/prefix`."""
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return FolderStore(Path(unquote(parts.path)))
    assert parts.scheme == "s3", uri
    return BucketStore(parts.netloc, parts.path.strip("/"), endpoint)


@cache
def get_store() -> Store:
    """The configured store."""
    config = get_config()
    return store_at(config.store, endpoint=config.s3_endpoint)
