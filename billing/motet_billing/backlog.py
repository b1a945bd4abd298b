"""What waits to be committed, and the one task that commits it, batch after batch."""

import asyncio
import logging
from collections import deque

import psycopg

from motet_billing.batch import Busy, UsageInsert, apply
from motet_billing.commands import Command, Open, Settle
from motet_billing.decide import Result
from motet_billing.errors import LedgerError
from motet_billing.link import Link, is_away

log = logging.getLogger(__name__)

BATCH_MAX = 512  # bounds how long a batch keeps its locks
BUSY_S = 0.05  # until a command on a locked wallet is tried again
SETTLE_TRIES = 6  # for a settlement that the database refuses for no reason of the ledger's
PAUSES_S = (0.05, 0.1, 0.25, 0.5, 1.0)  # between tries while the database is away


class Pending:
    """A command and who waits for it; who no longer waits has cancelled the future."""

    __slots__ = ("command", "failures", "future")

    def __init__(self, command: Command, future: asyncio.Future[Result]) -> None:
        self.command = command
        self.future = future
        self.failures = 0


class Backlog:
    """First in, first out; `live` maps the requests with an open hold to their wallets.

    Settlements write tables that holds do not, and can wait where a hold cannot: while something
    of theirs is locked, few of them go with each batch, and it is not they who are waited for.
    """

    def __init__(self, link: Link, *, lease_s: float, usage_insert: UsageInsert) -> None:
        self.live: dict[str, int] = {}
        self.transactions = 0
        self._link = link
        self._lease_s = lease_s
        self._usage_insert = usage_insert
        self._queue: deque[Pending] = deque()
        self._batch: list[Pending] = []  # that is being committed
        self._put_off = 0  # commands that will come back to the queue by themselves
        self._stuck: set[int] = set()  # wallets that somebody else keeps locked
        self._settling_max = BATCH_MAX  # settlements in a batch; fewer once a lock stopped some
        self._wake = asyncio.Event()
        self._ending = False

    def __len__(self) -> int:
        return self._put_off + sum(not p.future.done() for p in (*self._batch, *self._queue))

    @property
    def ending(self) -> bool:
        return self._ending

    def put(self, command: Command) -> Pending:
        """Queue a command; its future brings the result, or raises the refusal."""
        pending = Pending(command, asyncio.get_running_loop().create_future())
        self._enqueue(pending)
        return pending

    def abandon(self, pending: Pending) -> None:
        """Nobody waits for this hold any more: if it was opened all the same, release it."""
        future = pending.future
        if not future.done():
            future.cancel()
        elif not future.cancelled() and future.exception() is None:
            self.put(Settle(pending.command.request_id, 0, None))

    def end(self) -> None:
        """Let `run` return once all is committed."""
        self._ending = True
        self._wake.set()

    async def run(self) -> None:
        """Commit what is queued, for ever or until the `end`. The database may come and go."""
        failures = 0
        while True:
            while not self._queue:
                if self._ending and not self._put_off:
                    return
                self._wake.clear()
                await self._wake.wait()
            batch = self._batch = self._take()
            try:
                await self._commit(batch)
                failures = 0
            except Exception as error:
                pause = PAUSES_S[min(failures, len(PAUSES_S) - 1)]
                failures += 1
                log.warning("ledger away, %d commands wait: %s", len(self), error)
                self._queue.extendleft(reversed(batch))
                self._batch = []
                await self._link.drop()
                await asyncio.sleep(pause)

    def _take(self) -> list[Pending]:
        batch: list[Pending] = []
        kept: list[Pending] = []
        room = self._settling_max
        while self._queue and len(batch) < BATCH_MAX:
            pending = self._queue.popleft()
            if pending.future.done():
                continue
            if isinstance(pending.command, Settle):
                if not room:
                    kept.append(pending)
                    continue
                room -= 1
            batch.append(pending)
        self._queue.extendleft(reversed(kept))
        return batch

    async def _commit(self, batch: list[Pending], *, wait: bool = True) -> None:
        """Resolve every command of the batch, or raise because the database is away."""
        if not batch:
            return
        settling = [p for p in batch if isinstance(p.command, Settle)]
        hindered = settling and self._settling_max < BATCH_MAX
        stuck = any(self._wallet(p.command) in self._stuck for p in batch)
        wait = wait and not hindered and not stuck
        try:
            results = await apply(
                await self._link.get(),
                [pending.command for pending in batch],
                wait=wait,
                lease_s=self._lease_s,
                usage_insert=self._usage_insert,
            )
        except Exception as error:
            locked = isinstance(error, psycopg.errors.LockNotAvailable)
            if locked and wait:
                await self._commit(batch, wait=False)
            elif is_away(error) and not locked:
                raise
            elif locked and settling:
                # A lock on what they alone write, as while an index is built, is in the way of all:
                # to look for one that is the reason would keep the holds waiting for each.
                await self._commit(
                    [p for p in batch if not isinstance(p.command, Settle)], wait=False
                )
                self._settling_max = max(1, min(self._settling_max, len(settling)) // 2)
                for pending in settling:
                    self._later(pending, BUSY_S)
            elif len(batch) > 1:
                # One of them is the reason: the others must not pay for it.
                half = len(batch) // 2
                await self._commit(batch[:half], wait=wait)
                await self._commit(batch[half:], wait=wait)
            else:
                self._failed(batch[0], error, locked=locked)
            return
        self.transactions += 1
        for pending, result in zip(batch, results, strict=True):
            self._resolve(pending, result)

    def _resolve(self, pending: Pending, result: Result | Busy) -> None:
        command, future = pending.command, pending.future
        wallet = self._wallet(command)
        if isinstance(result, Busy):
            if wallet is not None:
                self._stuck.add(wallet)
            self._later(pending, BUSY_S)
            return
        self._stuck.discard(wallet or 0)
        if isinstance(result, LedgerError):
            self._refuse(pending, result)
            return
        if isinstance(command, Open):
            self.live[command.request_id] = command.wallet_id
        elif isinstance(command, Settle):
            self.live.pop(command.request_id, None)
            self._settling_max = min(self._settling_max + 1, BATCH_MAX)
        if not future.done():
            future.set_result(result)
        elif isinstance(command, Open):
            self.put(Settle(command.request_id, 0, None))

    def _failed(self, pending: Pending, error: Exception, *, locked: bool) -> None:
        pending.failures += not locked
        if locked:
            self._later(pending, BUSY_S)
        elif isinstance(pending.command, Settle) and pending.failures < SETTLE_TRIES:
            self._later(pending, BUSY_S * 2**pending.failures)
        else:
            refusal = LedgerError(f"{type(error).__name__}: {error}")
            refusal.__cause__ = error
            self._refuse(pending, refusal)

    def _refuse(self, pending: Pending, error: LedgerError) -> None:
        command = pending.command
        if isinstance(command, Settle):
            # Without a heartbeat its hold lapses, and the sweeper ends it by its checkpoint.
            self.live.pop(command.request_id, None)
            log.error("%s not settled at %d: %s", command.request_id, command.cost, error)
        if not pending.future.done():
            pending.future.set_exception(error)
            pending.future.exception()  # it may be that nobody waits: that is no news

    def _later(self, pending: Pending, delay_s: float) -> None:
        self._put_off += 1
        asyncio.get_running_loop().call_later(delay_s, self._back, pending)

    def _back(self, pending: Pending) -> None:
        self._put_off -= 1
        self._enqueue(pending)

    def _enqueue(self, pending: Pending) -> None:
        self._queue.append(pending)
        self._wake.set()

    def _wallet(self, command: Command) -> int | None:
        if isinstance(command, Open):
            return command.wallet_id
        return self.live.get(command.request_id)
