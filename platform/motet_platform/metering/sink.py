"""How usage reaches the database from the ledger's own transaction: one statement, no ORM."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from types import UnionType
from typing import Any, get_args

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
    worker: str = ""  # for the operator's eyes only
    ttft_ms: int | None = None
    duration_ms: int | None = None
    created_at: datetime = msgspec.field(default_factory=_now)


_TYPES = {str: "text", int: "bigint", bool: "boolean", datetime: "timestamptz"}
_GROUP = "account_id, hour, model, base, version_id, key_id, worker"
_SUMS = ("prompt_tokens", "cached_tokens", "completion_tokens", "cost")


def _column_type(annotation: Any) -> str:
    return _TYPES[get_args(annotation)[0] if isinstance(annotation, UnionType) else annotation]


_FIELDS = msgspec.structs.fields(UsageRow)
_COLUMNS = ", ".join(field.name for field in _FIELDS)
_ARRAYS = ", ".join(f"%({field.name})s::{_column_type(field.type)}[]" for field in _FIELDS)
# Only records that are new are added up, so a repeated one counts once. Two transactions never
# wait for each other here: whoever settles for an account holds its wallet's lock.
INSERT = f"""
WITH new AS (
    INSERT INTO metering_usagerecord ({_COLUMNS}) SELECT * FROM unnest({_ARRAYS})
    ON CONFLICT (request_id) DO NOTHING
    RETURNING *, date_trunc('hour', created_at, 'UTC') AS hour
)
INSERT INTO metering_usagehour AS hour ({_GROUP}, requests, {", ".join(_SUMS)})
SELECT {_GROUP}, count(*), {", ".join(f"sum({name})::bigint" for name in _SUMS)}
FROM new GROUP BY {_GROUP}
ON CONFLICT ({_GROUP}) DO UPDATE SET requests = hour.requests + excluded.requests,
    {", ".join(f"{name} = hour.{name} + excluded.{name}" for name in _SUMS)}
"""  # noqa: S608 (own field names)


def usage_values(rows: Sequence[UsageRow]) -> dict[str, list[Any]]:
    """The parameters of INSERT: one list per column."""
    return {field.name: [getattr(row, field.name) for row in rows] for field in _FIELDS}


async def usage_insert(conn: psycopg.AsyncConnection[Any], records: Sequence[UsageRow]) -> None:
    """Adds the rows inside the caller's transaction; a request id that is there already is kept."""
    if records:
        await conn.execute(INSERT, usage_values(records))
