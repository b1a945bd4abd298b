"""The ledger's writer: one per gateway process, many requests per transaction.

There is no timer. While a batch commits, what arrives queues up, and the next batch takes it: under
load a hot account costs a few transactions, and a lone request waits for nobody.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from motet_billing import lease
from motet_billing.backlog import Backlog, Pending
from motet_billing.batch import UsageInsert
from motet_billing.commands import (
    Extend,
    Open,
    Settle,
    Settlement,
    checkpoint_text,
    json_text,
)
from motet_billing.errors import LedgerUnavailable
from motet_billing.link import Link, is_away

log = logging.getLogger(__name__)


class LedgerWriter:
    """Opens, extends and settles holds, durably, from one event loop.

    Every call is safe to repeat under the same request id. `owner` names this process and this run
    of it: holds opened under another name are not its own. `usage_insert(conn, records)` writes the
    usage of a batch's settlements inside their transaction, and keeps a record that is there.
    """

    def __init__(
        self,
        dsn: str,
        *,
        owner: str,
        lease_s: float = 45.0,
        usage_insert: UsageInsert,
        hold_timeout_s: float = 2.0,
        settle_wait_s: float = 2.0,
        close_timeout_s: float = 10.0,
    ) -> None:
        if not owner or min(lease_s, hold_timeout_s, settle_wait_s, close_timeout_s) <= 0:
            raise ValueError("a writer needs an owner, and positive times")
        self._owner = owner
        self._lease_s = lease_s
        self._hold_timeout_s = hold_timeout_s
        self._settle_wait_s = settle_wait_s
        self._close_timeout_s = close_timeout_s
        self._links = Link(dsn, name="motet-ledger"), Link(dsn, name="motet-lease")
        self._backlog = Backlog(self._links[0], lease_s=lease_s, usage_insert=usage_insert)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def transactions(self) -> int:
        """Batches committed so far."""
        return self._backlog.transactions

    @property
    def queued(self) -> int:
        """Commands that wait for a batch."""
        return len(self._backlog)

    @property
    def open_holds(self) -> int:
        """Holds whose leases this writer keeps."""
        return len(self._backlog.live)

    async def start(self) -> None:
        """Begin to write. A database that is away is waited for in the background."""
        if self._tasks:
            raise RuntimeError("the writer was started before")
        try:
            await self._links[0].get()
        except Exception as error:
            if not is_away(error):
                raise
            log.warning("the ledger's database is away: %s", error)
        self._tasks = [
            asyncio.create_task(self._backlog.run(), name="ledger-writer"),
            asyncio.create_task(
                lease.keep(self._links[1], self._backlog.live, lease_s=self._lease_s),
                name="ledger-lease",
            ),
        ]

    async def close(self) -> None:
        """Commit what is queued, for at most `close_timeout_s`, then stop.

        What could not be settled is logged; its holds end by their lease.
        """
        if not self._tasks:
            return
        self._backlog.end()
        await asyncio.wait(self._tasks[:1], timeout=self._close_timeout_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for link in self._links:
            await link.drop()
        if left := self.queued:
            log.error("%d commands never reached the ledger", left)

    async def hold_open(
        self,
        *,
        request_id: str,
        wallet_id: int,
        amount: int,
        price_version_id: int,
        context: Mapping[str, Any],
        subject: str = "",
    ) -> None:
        """Hold `amount` picodollars for a request. It is durable when this returns.

        `subject` names whose cap it counts against, beside the wallet's own (see caps.py).
        InsufficientCredit, and of that SpendCapReached; LedgerUnavailable, after which nothing
        stays held for long; HoldConflict for a request id in use; UnknownWallet; ValueError for
        what no table could hold. Cancelled, it releases what it may have held.
        """
        text = json_text(context)
        command = Open(request_id, wallet_id, amount, price_version_id, self._owner, text, subject)
        await self._hold(command)

    async def hold_extend(
        self, *, request_id: str, amount: int, checkpoint: Mapping[str, int]
    ) -> None:
        """Raise a hold to the total `amount`; it never shrinks.

        `checkpoint` is what was delivered so far: {"prompt_tokens", "cached_tokens",
        "completion_tokens", "cost"}. It is durable when this returns, or raises InsufficientCredit.
        LedgerUnavailable; UnknownHold; HoldClosed.
        """
        text = checkpoint_text(checkpoint)
        await self._hold(Extend(request_id, amount, text, checkpoint["cost"]))

    async def hold_settle(self, *, request_id: str, cost: int, usage: Any) -> Settlement | None:
        """End a hold: capture `cost`, release the rest, and record `usage` (None: no record).

        Returns how the hold ended: by an earlier call, if there was one. `late` means that the
        sweeper ended it before; then `usage` is not recorded either. None means that the database
        is away, and the settlement stays queued until it is back. CostExceedsHold, UnknownHold and
        any other LedgerError mean that it was not settled. Cancelled, it settles nevertheless.
        """
        pending = self._put(Settle(request_id, cost, usage))
        await asyncio.wait([pending.future], timeout=self._settle_wait_s)
        if not pending.future.done():
            return None
        settlement = pending.future.result()
        assert isinstance(settlement, Settlement)
        return settlement

    async def _hold(self, command: Open | Extend) -> None:
        pending = self._put(command)
        try:
            async with asyncio.timeout(self._hold_timeout_s):
                await pending.future
        except (TimeoutError, asyncio.CancelledError) as error:
            if isinstance(command, Open):
                self._backlog.abandon(pending)
            if isinstance(error, TimeoutError):
                raise LedgerUnavailable("the ledger's database does not answer") from None
            raise

    def _put(self, command: Open | Extend | Settle) -> Pending:
        if not self._tasks or self._tasks[0].done():
            raise LedgerUnavailable("the ledger's writer is not running")
        if self._backlog.ending and isinstance(command, Open):
            raise LedgerUnavailable("the ledger's writer is closing")
        return self._backlog.put(command)
