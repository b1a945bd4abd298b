"""Workers' own journals of what they computed, read for reconciliation; charging needs none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import msgspec
from django.db import connection

_TABLE = """
CREATE TEMP TABLE IF NOT EXISTS worker_line (
    at double precision, request_id text, outcome text,
    prompt_tokens bigint, cached_tokens bigint, completion_tokens bigint
)
"""
_COPY = "COPY worker_line FROM STDIN"


class WorkerLine(msgspec.Struct, frozen=True):
    """What reconciliation needs of one line; a request that was tried twice has two."""

    at: float
    request_id: str
    outcome: str
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


def worker_lines_load(files: Iterable[Path]) -> int:
    """Fill the temporary table `worker_line` of this connection; how many lines there are.

    OSError for a file that cannot be read. A line that a crash cut off is left out.
    """
    count = 0
    with ExitStack() as stack, connection.cursor() as cursor:
        opened = [stack.enter_context(path.open("rb")) for path in files]
        cursor.execute(_TABLE)
        cursor.execute("TRUNCATE worker_line")
        with cursor.copy(_COPY) as copy:
            for line in _lines(opened):
                copy.write_row(msgspec.structs.astuple(line))
                count += 1
        cursor.execute("CREATE INDEX IF NOT EXISTS worker_line_id ON worker_line (request_id)")
        cursor.execute("ANALYZE worker_line")
    return count


def _lines(files: Iterable[BinaryIO]) -> Iterator[WorkerLine]:
    decoder = msgspec.json.Decoder(WorkerLine)
    for file in files:
        for text in file:
            try:
                yield decoder.decode(text)
            except msgspec.DecodeError:
                continue
