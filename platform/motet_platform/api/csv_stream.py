"""CSV of any size, sent as its rows are read."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from rest_framework.request import Request

CHUNK_ROWS = 500


def csv_response(
    request: Request, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> StreamingHttpResponse:
    """A header line and the rows. The first rows are read here, so that an error is still one."""
    chunks = _chunks(columns, rows)
    first = next(chunks)
    content: Any = _chain(first, chunks)
    if isinstance(request._request, ASGIRequest):
        content = _in_thread(content)  # Django would gather a plain iterator before it sends
    return StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")


def _chunks(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    for number, row in enumerate(rows, 1):
        writer.writerow(row)
        if number % CHUNK_ROWS == 0:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


async def _in_thread(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    # The request's own thread, where its database connection is.
    step = sync_to_async(lambda: next(chunks, None))
    while (chunk := await step()) is not None:
        yield chunk
