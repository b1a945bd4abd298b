"""One batch of commands, one transaction: lock, decide, write, commit."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from motet_billing import sql
from motet_billing.commands import Command, Open
from motet_billing.decide import Books, Result, decide
from motet_billing.ledger import Query
from motet_billing.link import Connection

BEGIN, COMMIT = Query("BEGIN", {}), Query("COMMIT", {})  # each travels with its neighbours
HASTE = Query("SET LOCAL lock_timeout = 100", {})  # ms

Row = tuple[Any, ...]
UsageInsert = Callable[[Any, Sequence[Any]], Awaitable[None]]


class Busy:
    """The result of a command that was put off: its wallet is locked by somebody else."""


async def apply(
    conn: Connection,
    commands: Sequence[Command],
    *,
    wait: bool,
    lease_s: float,
    usage_insert: UsageInsert,
) -> list[Result | Busy]:
    """Commit the commands, and the usage of those that settle; one result for each, in order.

    A refusal is a result. An exception means that nothing was committed, or, where the connection
    broke in the commit, that nobody knows: all commands may be repeated. Without `wait`, commands
    on a locked wallet are `Busy`, and no other lock is waited for in earnest.
    """
    try:
        begin = [BEGIN] if wait else [BEGIN, HASTE]
        books = Books.of(*await _fetch(conn, [*begin, *sql.locks(commands, wait=wait)]))
        ready = [wait or not _missing(command, books) for command in commands]
        decision = decide([c for c, now in zip(commands, ready, strict=True) if now], books)
        if decision.usages:
            await usage_insert(conn, decision.usages)
        await _execute(conn, [*sql.writes(decision, lease_s=lease_s), COMMIT])
    except BaseException:
        await _undo(conn)
        raise
    results = iter(decision.results)
    return [next(results) if now else Busy() for now in ready]


def _missing(command: Command, books: Books) -> bool:
    if isinstance(command, Open):
        return command.wallet_id not in books.wallets
    hold = books.holds.get(command.request_id)
    return hold is None or hold.wallet_id not in books.wallets


async def _fetch(
    conn: Connection, queries: Sequence[Query]
) -> tuple[list[Row], list[Row], list[Row], list[Row]]:
    """The rows of the last four, all in one round trip."""
    async with conn.pipeline():
        cursors = [await conn.execute(query.text, query.params) for query in queries]
        wallets, holds, lots, caps = [await cursor.fetchall() for cursor in cursors[-4:]]
    return wallets, holds, lots, caps


async def _execute(conn: Connection, queries: Sequence[Query]) -> None:
    """All of them in one round trip; what follows one that fails is not executed."""
    async with conn.pipeline():
        for query in queries:
            await conn.execute(query.text, query.params)


async def _undo(conn: Connection) -> None:
    try:
        if conn.info.transaction_status != TransactionStatus.IDLE:
            await conn.rollback()
    except psycopg.Error:
        await conn.close()
