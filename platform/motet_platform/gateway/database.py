"""The gateway's own reads: plain psycopg on a few connections, no ORM on the path of a request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from motet_platform.errors import Unavailable

log = logging.getLogger(__name__)

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_SIZE = 4
_WAIT_S = 3.0
_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, OSError, TimeoutError)


class Database:
    """`fetch` and `execute`, each a transaction of its own. Unavailable when the server is away.

    Not a pool of the library's: that one backs off for minutes after an outage, while requests
    wait. Here a connection is made when one is needed, and kept.
    """

    def __init__(self, dsn: str) -> None:
        own = conninfo_to_dict(dsn)
        self._dsn = make_conninfo(
            dsn,
            application_name="motet gateway",
            options=f"{own.get('options') or ''} -c statement_timeout=5000".strip(),
            connect_timeout=own.get("connect_timeout") or 3,
        )
        self._room = asyncio.Semaphore(_SIZE)
        self._idle: list[Connection] = []

    async def close(self) -> None:
        """Close every connection."""
        while self._idle:
            await self._idle.pop().close()

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
            async with asyncio.timeout(_WAIT_S), self._room:
                try:
                    return await self._once(query, parameters, rows=rows)
                except _AWAY:
                    # The server was restarted: what is kept here may all be dead, so start anew.
                    await self.close()
                    return await self._once(query, parameters, rows=rows)
        except _AWAY as error:
            log.warning("the database is away: %s", type(error).__name__)
            raise Unavailable(
                "The service cannot check this request right now.", retry_after=2
            ) from None

    async def _once(
        self, query: str, parameters: Sequence[Any], *, rows: bool
    ) -> list[tuple[Any, ...]]:
        connection = self._idle.pop() if self._idle else await self._connect()
        try:
            cursor = await connection.execute(query, parameters)
            found = await cursor.fetchall() if rows else []
        except BaseException:
            await connection.close()  # its state is not known
            raise
        self._idle.append(connection)
        return found

    async def _connect(self) -> Connection:
        return await psycopg.AsyncConnection.connect(self._dsn, autocommit=True)
