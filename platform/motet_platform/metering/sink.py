"""How usage rows reach the database from the ledger writer's own transaction: plain SQL, no ORM."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg


def _now() -> datetime:
    return datetime.now(UTC)


class UsageRow(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of metering_usagerecord. `cost` is in picodollars."""

    request_id: str
    account_id: int
    key_id: int | None
    model: str
    base: str
    version_id: int | None
    digest: str
    endpoint: str
    status: int
    finish_reason: str
    streamed: bool
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    price_version_id: int
    cost: int
    fault: str = ""
    ttft_ms: int | None = None
    duration_ms: int | None = None
    created_at: datetime = msgspec.field(default_factory=_now)


_COLUMNS = UsageRow.__struct_fields__
INSERT = (
    f"INSERT INTO metering_usagerecord ({', '.join(_COLUMNS)}) "  # noqa: S608 (own field names)
    f"VALUES ({', '.join(['%s'] * len(_COLUMNS))}) ON CONFLICT (request_id) DO NOTHING"
)


def usage_values(row: UsageRow) -> tuple[Any, ...]:
    """The parameters of INSERT."""
    return msgspec.structs.astuple(row)


async def usage_insert(conn: psycopg.AsyncConnection[Any], records: Sequence[UsageRow]) -> None:
    """Adds the rows inside the caller's transaction; a request id that is there already is kept."""
    if records:
        async with conn.cursor() as cursor:
            await cursor.executemany(INSERT, [usage_values(row) for row in records])
