"""One batch of commands, one transaction: lock, decide, write, commit."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from motet_billing import sql
from motet_billing.commands import Command, Open
from motet_billing.decide import Books, Result, decide
from motet_billing.ledger import Query
from motet_billing.link import Connection

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
    on a locked wallet are `Busy`.
    """
    async with conn.transaction():
        books = Books.of(*await _fetch(conn, sql.locks(commands, wait=wait)))
        ready = [wait or not _missing(command, books) for command in commands]
        decision = decide([c for c, now in zip(commands, ready, strict=True) if now], books)
        if decision.usages:
            await usage_insert(conn, decision.usages)
        await _execute(conn, sql.writes(decision, lease_s=lease_s))
    results = iter(decision.results)
    return [next(results) if now else Busy() for now in ready]


def _missing(command: Command, books: Books) -> bool:
    if isinstance(command, Open):
        return command.wallet_id not in books.wallets
    hold = books.holds.get(command.request_id)
    return hold is None or hold.wallet_id not in books.wallets


async def _fetch(conn: Connection, queries: Sequence[Query]) -> list[list[tuple[Any, ...]]]:
    """All of them in one round trip."""
    async with conn.pipeline():
        cursors = [await conn.execute(query.text, query.params) for query in queries]
        return [await cursor.fetchall() for cursor in cursors]


async def _execute(conn: Connection, queries: Sequence[Query]) -> None:
    if queries:
        async with conn.pipeline():
            for query in queries:
                await conn.execute(query.text, query.params)
