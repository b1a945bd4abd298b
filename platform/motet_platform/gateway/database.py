"""The gateway's own reads: plain psycopg on a small pool, no ORM on the path of a request."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from motet_platform.errors import Unavailable

log = logging.getLogger(__name__)

_SIZE = 4
_WAIT_S = 2.0
_STATEMENT_S = 5


class Database:
    """`fetch` and `execute`, each a transaction of its own. Unavailable when the server is away."""

    def __init__(self, dsn: str) -> None:
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]] = AsyncConnectionPool(
            dsn,
            min_size=1,
            max_size=_SIZE,
            timeout=_WAIT_S,
            open=False,
            name="gateway",
            kwargs={
                "autocommit": True,
                "application_name": "motet gateway",
                "connect_timeout": 5,
                "options": f"-c statement_timeout={_STATEMENT_S}s",
            },
        )

    async def start(self) -> None:
        """Open the pool; the first connection is made in the background."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    async def fetch(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of one query. Raises Unavailable: what cannot be checked is not allowed."""
        return await self._run(query, parameters, rows=True)

    async def execute(self, query: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement. Raises Unavailable."""
        await self._run(query, parameters, rows=False)

    async def _run(
        self, query: str, parameters: Sequence[Any], *, rows: bool
    ) -> list[tuple[Any, ...]]:
        try:
            return await self._once(query, parameters, rows=rows)
        except psycopg.OperationalError:
            # The server was restarted: every pooled connection may be dead, not only this one.
            pass
        except PoolTimeout as error:
            raise self._away(error) from None
        try:
            await self._pool.check()
            return await self._once(query, parameters, rows=rows)
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise self._away(error) from None

    async def _once(
        self, query: str, parameters: Sequence[Any], *, rows: bool
    ) -> list[tuple[Any, ...]]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(query, parameters)
            return await cursor.fetchall() if rows else []

    @staticmethod
    def _away(error: Exception) -> Unavailable:
        log.warning("the database is away: %s", type(error).__name__)
        return Unavailable("The service cannot check this request right now.", retry_after=2)
