"""kill -9 of the whole PostgreSQL server under load, twice, with durable settings."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from motet_billing.audit import AUDIT
from motet_billing.errors import LedgerUnavailable
from motet_billing.ledger import grant, post
from motet_billing.writer import LedgerWriter
from motet_platform.embedded.postgres import EmbeddedPostgres

CREDIT = 10**6
USAGE = "CREATE TABLE crash_usage (request_id text PRIMARY KEY, cost bigint NOT NULL)"


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    """A server of its own, with the platform's tables."""
    folder = Path(tempfile.mkdtemp(prefix="motet-ledger-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder / "var")
    try:
        server.start()
        subprocess.run(
            [sys.executable, "-m", "django", "migrate", "--verbosity=0"],
            env=os.environ | {"MOTET_DATABASE_URL": server.url},
            check=True,
        )
        with psycopg.connect(server.url) as db:
            db.execute(USAGE)
        yield server
    finally:
        server.stop()
        for path in (server.place.data.parent, folder):
            shutil.rmtree(path, ignore_errors=True)


def fund(url: str) -> tuple[list[int], int]:
    """Four wallets with credit, and a price."""
    with psycopg.connect(url) as db:

        def one(statement: str, *values: object) -> int:
            return db.execute(statement, values).fetchone()[0]

        price = one(
            "INSERT INTO billing_priceversion (sku, input, cached_input, output, valid_from) "
            "VALUES ('base', 1, 1, 1, now()) RETURNING id"
        )
        wallets = []
        for slug in ("alice", "bob", "charlie", "dora"):
            account = one(
                "INSERT INTO accounts_account (slug, name, created_at) VALUES (%s, %s, now()) "
                "RETURNING id", slug, slug,
            )  # fmt: skip
            wallet = one(
                "INSERT INTO billing_wallet (account_id, posted, reserved) VALUES (%s, 0, 0) "
                "RETURNING id", account,
            )  # fmt: skip
            lot = one(
                "INSERT INTO billing_lot (wallet_id, kind, amount, remaining, source_key) "
                "VALUES (%s, 'paid', %s, 0, %s) RETURNING id", wallet, CREDIT, slug,
            )  # fmt: skip
            posting = grant(
                source_key=slug, wallet_id=wallet, lot_id=lot, kind="paid", amount=CREDIT, memo=""
            )
            db.execute(*post([posting]))
            wallets.append(wallet)
    return wallets, price


async def record(conn, records) -> None:
    for request_id, cost in records:
        await conn.execute("INSERT INTO crash_usage VALUES (%s, %s)", [request_id, cost])


def test_a_server_killed_under_load_loses_nothing(server, run):
    wallets, price = fund(server.url)
    settled: dict[str, int] = {}  # what the writer acknowledged

    async def client(writer: LedgerWriter, number: int) -> None:
        turn = 0
        while not ending.is_set() or turn < 3:
            name, wallet = f"r{number}-{turn}", wallets[number % 4]
            try:
                await writer.hold_open(
                    request_id=name, wallet_id=wallet, amount=50, price_version_id=price, context={}
                )
            except LedgerUnavailable:
                await asyncio.sleep(0.05)
                continue
            cost = turn % 9
            while True:  # repeated until acknowledged, as no client would have to
                answer = await writer.hold_settle(request_id=name, cost=cost, usage=(name, cost))
                if answer is not None:
                    assert answer == (cost, False)
                    break
            settled[name] = cost
            turn += 1

    async def scenario() -> None:
        writer = LedgerWriter(server.url, owner="gw", usage_insert=record, hold_timeout_s=0.5)
        await writer.start()
        clients = [asyncio.create_task(client(writer, number)) for number in range(16)]
        for _ in range(2):
            before = len(settled)
            while len(settled) < before + 50:  # noqa: ASYNC110 (progress, whoever makes it)
                await asyncio.sleep(0.01)
            assert server.process is not None
            server.process.kill()
            server.process.wait()
            await asyncio.sleep(0.2)
            server.start()
        ending.set()
        await asyncio.gather(*clients)
        await writer.close()

    ending = asyncio.Event()
    run(scenario())
    with psycopg.connect(server.url) as db:
        assert db.execute(AUDIT).fetchall() == []
        assert dict(db.execute("SELECT request_id, cost FROM crash_usage").fetchall()) == settled
        assert db.execute("SELECT sum(posted), sum(reserved) FROM billing_wallet").fetchone() == (
            4 * CREDIT - sum(settled.values()),
            0,
        )
