"""One connection to the database, made when it is needed and made anew when it breaks.

Not a pool: a pool's reconnection backs off for minutes after an outage, while requests wait.
"""

import asyncio
from typing import Any

import psycopg

# Nothing that this process does may keep others waiting: not a lock that somebody else sits on, and
# not its own locks while it is frozen.
SESSION = (
    "-c lock_timeout=1000 -c statement_timeout=10000 -c idle_in_transaction_session_timeout=10000"
)

_AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.ReadOnlySqlTransaction,  # a standby, until somebody promotes it
    OSError,
    TimeoutError,
)

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


def is_away(error: Exception) -> bool:
    """True where the database, not the statement, is the reason: the same again may succeed."""
    return isinstance(error, _AWAY)


class Link:
    """Holds at most one connection, for one user at a time."""

    def __init__(self, dsn: str, *, name: str) -> None:
        # Raises psycopg.ProgrammingError for what is not an address.
        own = psycopg.conninfo.conninfo_to_dict(dsn)
        self._dsn = psycopg.conninfo.make_conninfo(
            dsn,
            application_name=name[:63],
            options=f"{SESSION} {own.get('options') or ''}".strip(),  # the later wins
            connect_timeout=own.get("connect_timeout") or 3,
            keepalives_idle=own.get("keepalives_idle") or 10,
            tcp_user_timeout=own.get("tcp_user_timeout") or 10_000,
        )
        self._conn: Connection | None = None

    async def get(self) -> Connection:
        """An open connection in autocommit mode; psycopg.OperationalError when there is none."""
        if self._conn is None or self._conn.closed:
            async with asyncio.timeout(5):
                self._conn = await psycopg.AsyncConnection.connect(self._dsn, autocommit=True)
        return self._conn

    async def drop(self) -> None:
        """Close it; the next `get` makes another."""
        conn, self._conn = self._conn, None
        if conn is not None:
            await conn.close()
