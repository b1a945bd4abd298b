"""Hears PostgreSQL's notices of changed keys and routes, so that caches need not wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

import psycopg
from psycopg import sql

log = logging.getLogger(__name__)

_RETRY_S = 1.0
_PROBE_S = 10.0  # a silent connection is asked this often whether it still lives


class Listener:
    """One connection that listens from `start` to `close`, and comes back when it is lost.

    `gap` is called after every (re)connection: notices before it may have been missed.
    """

    def __init__(
        self,
        dsn: str,
        handlers: Mapping[str, Callable[[str], None]],
        *,
        gap: Callable[[], None],
    ) -> None:
        self._dsn = dsn
        self._handlers = dict(handlers)
        self._gap = gap
        self._task: asyncio.Task[None] | None = None
        self.listening = False

    async def start(self) -> None:
        """Begin listening in the background."""
        self._task = asyncio.create_task(self._run(), name="listener")

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as error:
                log.warning("lost the notices of the database: %s", type(error).__name__)
            finally:
                self.listening = False
            await asyncio.sleep(_RETRY_S)

    async def _listen(self) -> None:
        connection = await psycopg.AsyncConnection.connect(
            self._dsn, autocommit=True, application_name="motet notices", connect_timeout=5
        )
        async with connection:
            for channel in self._handlers:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            self._gap()
            self.listening = True
            while True:
                async for notice in connection.notifies(timeout=_PROBE_S):
                    self._handlers[notice.channel](notice.payload)
                await connection.execute("SELECT 1")
