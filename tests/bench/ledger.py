"""Holds and settlements per second: python tests/bench/ledger.py [--seconds 5] [--clients 256]

One request is a hold and a settlement with its usage record, each acknowledged as durable (fsync
on), and counts against a cap of its key and one of its account (--no-caps leaves them out).
Compared in one run, over 256 accounts and on one hot account: the writer, and the naive form
of two transactions per request on a pool of 16 connections, with the same statements. Rounds are
interleaved, and the median is shown.
"""

import argparse
import asyncio
import itertools
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import psycopg
from motet_billing.audit import AUDIT
from motet_billing.batch import apply
from motet_billing.commands import Command, Open, Settle
from motet_billing.errors import LedgerError
from motet_billing.ledger import grant, post
from motet_billing.link import Link
from motet_billing.writer import LedgerWriter
from motet_platform.embedded.postgres import EmbeddedPostgres
from motet_platform.metering.sink import UsageRow, usage_insert

ACCOUNTS = 256
CONNECTIONS = 16
HELD, COST = 1000, 7
SUBJECT = "key:1"
_names = itertools.count()


class Account(NamedTuple):
    id: int
    wallet_id: int


class Figures(NamedTuple):
    per_second: float
    hold_ms: float  # median wait for a hold
    hold_ms_99: float


Request = Callable[[Account, str], Awaitable[float]]


def fund(url: str, *, caps: bool) -> tuple[list[Account], int]:
    """Accounts with a million USD each, and a price; with two caps that never bind."""
    credit = 10**18
    with psycopg.connect(url) as db:
        (price,) = db.execute(
            "INSERT INTO billing_priceversion (sku, input, cached_input, output, valid_from) "
            "VALUES ('base', 1, 1, 1, now()) RETURNING id"
        ).fetchone()
        accounts = []
        for n in range(ACCOUNTS):
            slug = f"bench-{n}"
            account, wallet, lot = db.execute(
                "WITH a AS (INSERT INTO accounts_account (slug, name, created_at) "
                "VALUES (%(slug)s, '', now()) RETURNING id), "
                "w AS (INSERT INTO billing_wallet (account_id, posted, reserved) "
                "SELECT id, 0, 0 FROM a RETURNING id), "
                "l AS (INSERT INTO billing_lot (wallet_id, kind, amount, remaining, source_key) "
                "SELECT id, 'paid', %(credit)s, 0, %(slug)s FROM w RETURNING id) "
                "SELECT a.id, w.id, l.id FROM a, w, l",
                {"slug": slug, "credit": credit},
            ).fetchone()
            posting = grant(
                source_key=slug, wallet_id=wallet, lot_id=lot, kind="paid", amount=credit, memo=""
            )
            db.execute(*post([posting]))
            accounts.append(Account(account, wallet))
            for subject in ("", SUBJECT) if caps else ():
                db.execute(
                    'INSERT INTO billing_cap (wallet_id, subject, "limit", period, window_start, '
                    "spent, reserved, alerted) VALUES (%s, %s, %s, 'month', now(), 0, 0, 0)",
                    (wallet, subject, credit),
                )
    return accounts, price


def usage(account: Account, request_id: str, price: int) -> UsageRow:
    return UsageRow(
        request_id=request_id,
        account_id=account.id,
        key_id=None,
        model="base",
        base="base",
        version_id=None,
        digest="",
        endpoint="chat.completions",
        status=200,
        finish_reason="stop",
        streamed=True,
        prompt_tokens=0,
        cached_tokens=0,
        completion_tokens=COST,
        price_version_id=price,
        cost=COST,
    )


async def drive(request: Request, accounts: list[Account], clients: int, seconds: float) -> Figures:
    """Closed loop: each client asks again as soon as it is answered."""
    end = time.perf_counter() + seconds
    waits: list[float] = []

    async def client(number: int) -> None:
        while time.perf_counter() < end:
            name = f"bench-{next(_names)}"
            waits.append(await request(accounts[number % len(accounts)], name))

    start = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(clients)))
    spent = time.perf_counter() - start
    waits.sort()
    median, late = statistics.median(waits), waits[int(len(waits) * 0.99)]
    return Figures(len(waits) / spent, median * 1000, late * 1000)


async def batched(
    url: str, price: int, accounts: list[Account], args: argparse.Namespace
) -> Figures:
    writer = LedgerWriter(
        url, owner=secrets.token_hex(4), usage_insert=usage_insert, hold_timeout_s=60,
        settle_wait_s=60,
    )  # fmt: skip
    await writer.start()

    async def request(account: Account, name: str) -> float:
        start = time.perf_counter()
        await writer.hold_open(
            request_id=name,
            wallet_id=account.wallet_id,
            amount=HELD,
            price_version_id=price,
            context={},
            subject=SUBJECT,
        )
        waited = time.perf_counter() - start
        done = await writer.hold_settle(
            request_id=name, cost=COST, usage=usage(account, name, price)
        )
        assert done is not None
        return waited

    try:
        return await drive(request, accounts, args.clients, args.seconds)
    finally:
        await writer.close()


async def naive(url: str, price: int, accounts: list[Account], args: argparse.Namespace) -> Figures:
    links = [Link(f"{url}&options=-c%20lock_timeout%3D0", name="bench") for _ in range(CONNECTIONS)]
    pool = itertools.cycle([(link, asyncio.Lock()) for link in links])

    async def alone(command: Command) -> None:
        link, turn = next(pool)
        async with turn:  # first come, first served
            (result,) = await apply(
                await link.get(), [command], wait=True, lease_s=45, usage_insert=usage_insert
            )
        if isinstance(result, LedgerError):
            raise result

    async def request(account: Account, name: str) -> float:
        start = time.perf_counter()
        await alone(Open(name, account.wallet_id, HELD, price, "bench", "{}", SUBJECT))
        waited = time.perf_counter() - start
        await alone(Settle(name, COST, usage(account, name, price)))
        return waited

    try:
        return await drive(request, accounts, args.clients, args.seconds)
    finally:
        for link in links:
            await link.drop()


def bench(url: str, args: argparse.Namespace) -> None:
    accounts, price = fund(url, caps=args.caps)
    cases = [
        (f"{form}, {who}", run, chosen)
        for who, chosen in (("256 accounts", accounts), ("one hot account", accounts[:1]))
        for form, run in (("writer", batched), ("naive", naive))
    ]
    found: dict[str, list[Figures]] = {name: [] for name, _, _ in cases}
    for _ in range(args.rounds):
        for name, run, chosen in cases:
            found[name].append(asyncio.run(run(url, price, chosen, args)))
    print(f"{args.clients} clients, {args.seconds:g} s a round, median of {args.rounds} rounds")
    print(f"{'':26}{'requests/s':>12}{'hold, ms':>12}{'99 %, ms':>12}")
    for name, figures in found.items():
        middle = [statistics.median(column) for column in zip(*figures, strict=True)]
        print(f"{name:26}" + "".join(f"{value:12.1f}" for value in middle))
    with psycopg.connect(url) as db:
        broken = db.execute(AUDIT).fetchall()
        done = db.execute(
            "SELECT count(*) FROM billing_hold WHERE captured = %s", [COST]
        ).fetchone()
    print(f"audit after {done[0] if done else 0} requests: {broken or 'nothing wrong'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=256)
    parser.add_argument("--caps", action=argparse.BooleanOptionalAction, default=True)
    folder = Path(tempfile.mkdtemp(prefix="motet-bench-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder / "var")
    args = parser.parse_args()
    try:
        server.start()
        environment = {
            "MOTET_DATABASE_URL": server.url,
            "MOTET_SECRET_KEY": secrets.token_hex(32),
            "DJANGO_SETTINGS_MODULE": "motet_platform.settings",
        }
        os.environ.update(environment)
        subprocess.run([sys.executable, "-m", "django", "migrate", "--verbosity=0"], check=True)
        bench(server.url, args)
    finally:
        server.stop()
        for path in (server.place.data.parent, folder):
            shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    main()
