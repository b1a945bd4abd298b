"""Without Redis there is nothing that two gateways could share their limits by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from motet_platform.config import Config

# Any number that nothing else in this database locks: "motet gw" in ASCII.
_LOCK = 0x6D6F746574206777
_PATIENCE_S = 2.0  # a predecessor that was killed may still seem connected


class SecondGateway(Exception):
    """Another gateway of this database runs, and there is no Redis."""


@asynccontextmanager
async def single_gateway(config: Config) -> AsyncIterator[None]:
    """Hold a lock of the database while inside, unless Redis makes it needless.

    Raises SecondGateway. The lock dies with this process, however that ends.
    """
    if config.redis_url is not None:
        yield
        return
    connection = await psycopg.AsyncConnection.connect(
        config.require_database_url(), autocommit=True, application_name="motet single gateway"
    )
    async with connection:
        deadline = asyncio.get_running_loop().time() + _PATIENCE_S
        while not await _locked(connection):
            if asyncio.get_running_loop().time() >= deadline:
                raise SecondGateway(
                    "another gateway runs on this database, and without Redis each would count "
                    "limits on its own. Set MOTET_REDIS_URL for all of them to run several."
                )
            await asyncio.sleep(0.25)
        yield


async def _locked(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> bool:
    cursor = await connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,))
    row = await cursor.fetchone()
    return row is not None and row[0] is True
