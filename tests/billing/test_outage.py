"""The database goes away in between: nothing acknowledged is lost, and nothing counts twice."""

import asyncio
import itertools
from collections.abc import Iterator

import psycopg
import pytest
from motet_billing.commands import Settlement
from motet_billing.errors import LedgerUnavailable
from motet_billing.models import Hold
from motet_billing.writer import LedgerWriter
from motet_platform.metering.models import UsageRecord
from motet_platform.metering.sink import usage_insert
from psycopg.conninfo import conninfo_to_dict

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operator(dsn) -> Iterator[psycopg.Connection]:
    """A connection beside the test database, so that it may lock it."""
    with psycopg.connect(dsn, dbname="postgres", autocommit=True) as connection:
        yield connection


def kill_connections(operator: psycopg.Connection, dsn: str) -> int:
    """Every connection of a writer, whatever it is doing."""
    killed = operator.execute(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE application_name IN ('motet-ledger', 'motet-lease') AND datname = %s",
        [conninfo_to_dict(dsn)["dbname"]],
    )
    return killed.fetchone()[0]


def test_connections_that_die_are_made_anew(bank, writers, dsn, operator, run):
    wallet = bank.wallet(10**9)
    killed = settled = 0

    async def killer():
        nonlocal killed
        while True:
            await asyncio.sleep(0.1)
            killed += kill_connections(operator, dsn)

    async def client(writer, number):
        nonlocal settled
        for turn in itertools.count():
            if killed >= 3 and turn >= 3:
                return
            name = f"r{number}-{turn}"
            opening = bank.opening(wallet, name, 50)
            while True:
                try:
                    await writer.hold_open(**opening)
                    break
                except LedgerUnavailable:
                    pass  # and again, as a client does after a 503
            await writer.hold_settle(**bank.settling(wallet, name, 7))
            settled += 1

    async def scenario():
        async with writers(close_timeout_s=30) as writer:
            storm = asyncio.create_task(killer())
            await asyncio.gather(*(client(writer, number) for number in range(20)))
            storm.cancel()

    run(scenario())
    assert bank.money(wallet) == (10**9 - settled * 7, 0)
    assert UsageRecord.objects.count() == settled


def test_holds_fail_closed_and_settlements_wait(bank, writers, dsn, operator, run):
    """Nobody gets in for a while: new requests are refused, those that ended settle later."""
    wallet = bank.wallet(1000)
    database = conninfo_to_dict(dsn)["dbname"]

    def let_in(allowed: bool) -> None:
        operator.execute(f'ALTER DATABASE "{database}" WITH ALLOW_CONNECTIONS {allowed}')

    async def scenario():
        async with writers(hold_timeout_s=1, settle_wait_s=1) as writer:
            await writer.hold_open(**bank.opening(wallet, "r", 100))
            await writer.hold_open(**bank.opening(wallet, "s", 100))
            let_in(False)
            try:
                kill_connections(operator, dsn)
                with pytest.raises(LedgerUnavailable):
                    await writer.hold_open(**bank.opening(wallet, "late", 100))
                with pytest.raises(LedgerUnavailable):
                    await writer.hold_extend(
                        request_id="s", amount=200, checkpoint=bank.checkpoint(50)
                    )
                assert await writer.hold_settle(**bank.settling(wallet, "r", 40)) is None
                assert writer.queued == 1
            finally:
                let_in(True)
            # The same again waits for the first, which is on its way.
            settlements = [None]
            while settlements[-1] is None:
                settlements.append(await writer.hold_settle(**bank.settling(wallet, "r", 40)))
            return settlements[-1]

    assert run(scenario()) == Settlement(40, late=False)
    assert bank.money(wallet) == (960, 100)
    assert not Hold.objects.filter(pk="late").exists()
    assert (bank.hold("s").amount, UsageRecord.objects.get(pk="r").cost) == (100, 40)


def test_one_locked_wallet_holds_up_no_other(bank, writers, dsn, run):
    stuck, free = bank.wallet(1000), bank.wallet(1000)
    other = psycopg.connect(dsn)
    other.execute("SELECT FROM billing_wallet WHERE id = %s FOR UPDATE", [stuck.pk])

    async def scenario():
        async with writers() as writer:
            locked = asyncio.create_task(writer.hold_open(**bank.opening(stuck, "stuck", 10)))
            for n in range(30):
                await writer.hold_open(**bank.opening(free, f"r{n}", 10))
                await writer.hold_settle(**bank.settling(free, f"r{n}", 1))
            assert not locked.done()
            other.rollback()
            await locked

    try:
        run(scenario())
    finally:
        other.close()
    assert (bank.money(free), bank.money(stuck)) == ((970, 0), (1000, 10))


@pytest.mark.parametrize("table", ["billing_journal", "metering_usagerecord"])
def test_a_table_that_only_settlements_write_holds_up_no_hold(bank, writers, dsn, run, table):
    """As while an index of it is built. Each lock that is not had costs its time once, not for
    each settlement that waits: a hold that had to wait for that would be refused."""
    wallets = [bank.wallet(1000) for _ in range(40)]
    fresh = bank.wallet(1000)
    other = psycopg.connect(dsn)

    async def scenario():
        async with writers() as writer:
            for n, wallet in enumerate(wallets):
                await writer.hold_open(**bank.opening(wallet, f"s{n}", 100))
            other.execute(f"LOCK TABLE {table} IN SHARE MODE")
            settling = [
                asyncio.create_task(writer.hold_settle(**bank.settling(wallet, f"s{n}", 50)))
                for n, wallet in enumerate(wallets)
            ]
            for n in range(20):
                await writer.hold_open(**bank.opening(fresh, f"r{n}", 10))
                await writer.hold_extend(
                    request_id=f"r{n}", amount=20, checkpoint=bank.checkpoint(1)
                )
            assert not any(task.done() for task in settling)
            other.rollback()
            return await asyncio.gather(*settling)

    try:
        settled = run(scenario())
    finally:
        other.close()
    assert settled == [Settlement(50, late=False)] * 40
    assert {bank.money(wallet) for wallet in wallets} == {(950, 0)}
    assert bank.money(fresh) == (1000, 400)
    assert UsageRecord.objects.count() == 40


def test_one_locked_lot_holds_up_no_other_settlement(bank, writers, dsn, run):
    """What stops one settlement alone is found, though they are put off together."""
    stuck, free = bank.wallet(1000), [bank.wallet(1000) for _ in range(20)]
    other = psycopg.connect(dsn)

    async def scenario():
        async with writers() as writer:
            for n, wallet in enumerate([stuck, *free]):
                await writer.hold_open(**bank.opening(wallet, f"r{n}", 100))
            other.execute("SELECT FROM billing_lot WHERE wallet_id = %s FOR UPDATE", [stuck.pk])
            locked, *settling = (
                asyncio.create_task(writer.hold_settle(**bank.settling(wallet, f"r{n}", 50)))
                for n, wallet in enumerate([stuck, *free])
            )
            await asyncio.gather(*settling)
            for wallet in free:  # and so it goes on, though the one comes back again and again
                await writer.hold_open(**bank.opening(wallet, f"again-{wallet.pk}", 100))
                await writer.hold_settle(**bank.settling(wallet, f"again-{wallet.pk}", 50))
            assert not locked.done()
            other.rollback()
            await locked

    try:
        run(scenario())
    finally:
        other.close()
    assert {bank.money(wallet) for wallet in free} == {(900, 0)}
    assert bank.money(stuck) == (950, 0)


def test_a_settlement_refused_for_a_while_is_tried_again(bank, writers, run):
    """As when the usage table is being migrated."""
    wallet, failures = bank.wallet(1000), 3

    async def insert(conn, records):
        nonlocal failures
        if failures:
            failures -= 1
            await conn.execute("SELECT FROM no_such_table")
        await usage_insert(conn, records)

    async def scenario():
        async with writers(usage_insert=insert) as writer:
            await writer.hold_open(**bank.opening(wallet, "r", 100))
            return await writer.hold_settle(**bank.settling(wallet, "r", 9))

    assert run(scenario()) == Settlement(9, late=False)
    assert UsageRecord.objects.get(pk="r").cost == 9


def test_a_writer_starts_before_its_database(run):
    """And says so, instead of failing: no hold is opened, and no settlement pretended."""

    async def scenario():
        writer = LedgerWriter(
            "host=/nonexistent dbname=none",
            owner="gw",
            usage_insert=usage_insert,
            hold_timeout_s=0.2,
            settle_wait_s=0.2,
            close_timeout_s=0.2,
        )
        with pytest.raises(LedgerUnavailable):
            await writer.hold_settle(request_id="r", cost=1, usage=None)
        await writer.start()
        with pytest.raises(LedgerUnavailable):
            await writer.hold_open(
                request_id="r", wallet_id=1, amount=1, price_version_id=1, context={}
            )
        assert await writer.hold_settle(request_id="r", cost=1, usage=None) is None
        await writer.close()

    run(scenario())
