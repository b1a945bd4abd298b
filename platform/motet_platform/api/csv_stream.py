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

from motet_platform.api.seats import Exports

CHUNK_ROWS = 500
_exports = Exports()


class CsvResponse(StreamingHttpResponse):
    """An export of `account_id`, counted until it is closed."""

    def __init__(self, account_id: int, content: Any) -> None:
        super().__init__(content, content_type="text/csv; charset=utf-8")
        self._account_id: int | None = account_id

    def close(self) -> None:
        super().close()
        if self._account_id is not None:
            _exports.end(self._account_id)
            self._account_id = None


def csv_response(
    request: Request, account_id: int, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> CsvResponse:
    """A header line and the rows. The first rows are read here, so that an error is still one.

    RateLimited `too_many_exports`.
    """
    _exports.begin(account_id)
    try:
        chunks = _chunks(columns, rows)
        first = next(chunks)
    except BaseException:
        _exports.end(account_id)
        raise
    content: Any = _chain(first, chunks)
    if isinstance(request._request, ASGIRequest):
        content = _in_thread(content)  # Django would gather a plain iterator before it sends
    return CsvResponse(account_id, content)


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
