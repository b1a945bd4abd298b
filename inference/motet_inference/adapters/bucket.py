"""Adapter files in an S3 bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from motet_inference.adapters.errors import AdapterError
from motet_inference.adapters.files import CHUNK


class Bucket:
    """A `sources.Source`."""

    def __init__(self, bucket: str, prefix: str, endpoint: str | None) -> None:
        self._bucket, self._prefix, self._endpoint = bucket, prefix, endpoint

    def chunks(self, name: str) -> Iterator[bytes]:
        key = f"{self._prefix}/{name}" if self._prefix else name
        try:
            body = self._client().get_object(Bucket=self._bucket, Key=key)["Body"]
            yield from body.iter_chunks(CHUNK)
        except (BotoCoreError, ClientError) as error:
            raise AdapterError("adapter_unavailable", f"{name} cannot be fetched.") from error

    def _client(self) -> Any:
        # A session of its own: boto3's default one is not safe to make clients of in threads.
        config = Config(
            connect_timeout=5, read_timeout=30, retries={"max_attempts": 4, "mode": "standard"}
        )
        return boto3.session.Session().client("s3", endpoint_url=self._endpoint, config=config)
