"""The writer: durable, exact, and never failing one request for another's sake."""

import asyncio

import pytest
from django.db import connection
from motet_billing.commands import Settlement
from motet_billing.errors import (
    CostExceedsHold,
    HoldClosed,
    HoldConflict,
    InsufficientCredit,
    LedgerError,
    LedgerUnavailable,
    UnknownHold,
    UnknownWallet,
)
from motet_billing.models import Hold
from motet_platform.metering.models import UsageRecord
from motet_platform.metering.sink import usage_insert

pytestmark = pytest.mark.django_db(transaction=True)


def writing_transactions(table: str) -> int:
    """How many transactions wrote the rows of a table as they are now."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(DISTINCT xmin::text) FROM {table}")
        return cursor.fetchone()[0]


def test_open_extend_settle(bank, writers, run):
    wallet = bank.wallet(1000)

    async def scenario():
        async with writers() as writer:
            await writer.hold_open(**bank.opening(wallet, "r", 100))
            assert bank.money(wallet) == (1000, 100)
            await writer.hold_extend(request_id="r", amount=300, checkpoint=bank.checkpoint(90))
            assert bank.money(wallet) == (1000, 300)
            assert bank.hold("r").checkpoint["completion_tokens"] == 90
            return await writer.hold_settle(**bank.settling(wallet, "r", 250))

    assert run(scenario()) == Settlement(250, late=False)
    assert bank.money(wallet) == (750, 0)
    hold = bank.hold("r")
    assert (hold.state, hold.captured, hold.amount, hold.fault) == ("captured", 250, 300, "")
    assert hold.context == bank.context(wallet)
    assert UsageRecord.objects.get(pk="r").cost == 250


def test_nothing_delivered_releases_the_hold(bank, writers, run):
    wallet = bank.wallet(1000)

    async def scenario():
        async with writers() as writer:
            await writer.hold_open(**bank.opening(wallet, "r", 100))
            await writer.hold_settle(**bank.settling(wallet, "r", 0))

    run(scenario())
    assert bank.money(wallet) == (1000, 0)
    assert bank.hold("r").state == "released"
    assert UsageRecord.objects.get(pk="r").cost == 0


def test_fifty_at_once_on_a_wallet_that_affords_ten(bank, writers, run):
    wallet = bank.wallet(1005)

    async def scenario():
        async with writers() as one, writers() as two:
            return await asyncio.gather(
                *(
                    (one, two)[n % 2].hold_open(**bank.opening(wallet, f"r{n}", 100))
                    for n in range(50)
                ),
                return_exceptions=True,
            )

    answers = run(scenario())
    refused = [answer for answer in answers if isinstance(answer, InsufficientCredit)]
    assert answers.count(None) == 10
    assert len(refused) == 40
    assert {(error.available, error.needed) for error in refused} == {(5, 100)}
    assert bank.money(wallet) == (1005, 1000)


def test_a_hot_account_costs_a_handful_of_transactions(bank, writers, run):
    wallet = bank.wallet(10**6)
    names = [f"r{n}" for n in range(256)]

    async def scenario():
        async with writers() as writer:
            await asyncio.gather(
                *(writer.hold_open(**bank.opening(wallet, name, 100)) for name in names)
            )
            opening = writing_transactions("billing_hold")
            await asyncio.gather(
                *(writer.hold_settle(**bank.settling(wallet, name, 7)) for name in names)
            )
            return opening, writer.transactions

    opening, transactions = run(scenario())
    assert opening <= 4
    assert writing_transactions("billing_journal") - 1 <= 4  # one is the grant
    assert transactions <= 8
    assert bank.money(wallet) == (10**6 - 256 * 7, 0)
    assert UsageRecord.objects.count() == 256


def test_refusals_do_not_touch_their_neighbours(bank, writers, run):
    """All in one batch: good ones, a poor wallet, none, a bad price, a poisonous usage record."""
    rich, poor = bank.wallet(10**6), bank.wallet(10)

    async def scenario():
        async with writers() as writer:
            good = [writer.hold_open(**bank.opening(rich, f"g{n}", 10)) for n in range(20)]
            bad_price = bank.opening(rich, "price", 10) | {"price_version_id": 10**9}
            no_wallet = bank.opening(rich, "wallet", 10) | {"wallet_id": 10**9}
            answers = await asyncio.gather(
                *good[:10],
                writer.hold_open(**bank.opening(poor, "poor", 11)),
                writer.hold_open(**bad_price),
                writer.hold_open(**no_wallet),
                *good[10:],
                return_exceptions=True,
            )
            settling = [bank.settling(rich, f"g{n}", 1) for n in range(20)]
            settling[7]["usage"] = bank.usage(rich, "g7", -1)  # the table refuses the cost
            settled = await asyncio.gather(
                *(writer.hold_settle(**each) for each in settling), return_exceptions=True
            )
            return answers, settled

    answers, settled = run(scenario())
    assert answers[:10] == answers[13:] == [None] * 10
    assert isinstance(answers[10], InsufficientCredit)
    assert type(answers[11]) is LedgerError
    assert isinstance(answers[12], UnknownWallet)
    assert [n for n, result in enumerate(settled) if result != Settlement(1, late=False)] == [7]
    assert bank.hold("g7").state == "held"
    assert bank.money(rich) == (10**6 - 19, 10)


def test_refusals_of_one_hold(bank, writers, run):
    wallet, other = bank.wallet(1000), bank.wallet(1000)

    async def scenario():
        async with writers() as writer, writers() as stranger:
            await writer.hold_open(**bank.opening(wallet, "r", 100))
            with pytest.raises(HoldConflict):
                await stranger.hold_open(**bank.opening(wallet, "r", 100))
            with pytest.raises(HoldConflict):
                await writer.hold_open(**bank.opening(other, "r", 100))
            with pytest.raises(CostExceedsHold):
                await writer.hold_settle(**bank.settling(wallet, "r", 101))
            with pytest.raises(UnknownHold):
                await writer.hold_settle(**bank.settling(wallet, "nobody", 1))
            with pytest.raises(UnknownHold):
                await writer.hold_extend(
                    request_id="nobody", amount=5, checkpoint=bank.checkpoint(1)
                )
            await writer.hold_settle(**bank.settling(wallet, "r", 100))
            with pytest.raises(HoldClosed):
                await writer.hold_extend(request_id="r", amount=200, checkpoint=bank.checkpoint(1))
            with pytest.raises(HoldConflict):
                await writer.hold_open(**bank.opening(wallet, "r", 100))

    run(scenario())
    assert bank.money(wallet) == (900, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0},
        {"amount": -5},
        {"amount": 2**63},
        {"request_id": ""},
        {"request_id": "a\nb"},
        {"context": {"model": "a\x00b"}},
        {"context": {"model": "\ud800"}},
        {"context": {"model": float("nan")}},
    ],
)
def test_what_no_table_could_hold_is_refused_at_once(bank, writers, run, wrong):
    wallet = bank.wallet(1000)

    async def scenario():
        async with writers() as writer:
            with pytest.raises(ValueError):
                await writer.hold_open(**bank.opening(wallet, "r", 10) | wrong)

    run(scenario())
    assert not Hold.objects.exists()


def test_awkward_text_arrives_as_it_was(bank, writers, run):
    wallet = bank.wallet(1000)
    context = {"model": "é\\u0000 \"'%s {NULL}, \U0001f3b5", "n": None}

    async def scenario():
        async with writers() as writer:
            await writer.hold_open(**bank.opening(wallet, "r,{}'%(x)s", 10) | {"context": context})

    run(scenario())
    assert bank.hold("r,{}'%(x)s").context == context


def test_repeated_calls_count_once(bank, writers, run):
    wallet = bank.wallet(1000)

    async def scenario():
        async with writers() as writer:
            opening = bank.opening(wallet, "r", 100)
            await asyncio.gather(*(writer.hold_open(**opening) for _ in range(5)))
            await writer.hold_open(**opening)
            assert bank.money(wallet) == (1000, 100)
            extension = {"request_id": "r", "amount": 150, "checkpoint": bank.checkpoint(60)}
            await asyncio.gather(*(writer.hold_extend(**extension) for _ in range(5)))
            older = {"request_id": "r", "amount": 120, "checkpoint": bank.checkpoint(20)}
            await writer.hold_extend(**older)
            assert bank.money(wallet) == (1000, 150)
            assert bank.hold("r").checkpoint["cost"] == 60
            first = [writer.hold_settle(**bank.settling(wallet, "r", 70)) for _ in range(5)]
            again = await asyncio.gather(*first)
            again.append(await writer.hold_settle(**bank.settling(wallet, "r", 71)))
            return again

    assert run(scenario()) == [Settlement(70, late=False)] * 6
    assert bank.money(wallet) == (930, 0)
    assert UsageRecord.objects.get(pk="r").cost == 70


def test_a_refused_extension_keeps_the_checkpoint(bank, writers, run):
    wallet = bank.wallet(150)

    async def scenario():
        async with writers() as writer:
            await writer.hold_open(**bank.opening(wallet, "r", 100))
            with pytest.raises(InsufficientCredit) as refusal:
                await writer.hold_extend(request_id="r", amount=200, checkpoint=bank.checkpoint(90))
            assert (refusal.value.available, refusal.value.needed) == (50, 100)
            with pytest.raises(InsufficientCredit):  # more than was held was never delivered
                await writer.hold_extend(
                    request_id="r", amount=200, checkpoint=bank.checkpoint(101)
                )

    run(scenario())
    hold = bank.hold("r")
    assert (hold.amount, hold.checkpoint["cost"]) == (100, 90)
    assert bank.money(wallet) == (150, 100)


@pytest.mark.parametrize(
    "checkpoint",
    [{}, {"cost": 1}, {"prompt_tokens": 0, "cached_tokens": 0, "completion_tokens": -1, "cost": 1}],
)
def test_a_checkpoint_is_whole(bank, writers, run, checkpoint):
    wallet = bank.wallet(150)

    async def scenario():
        async with writers() as writer:
            await writer.hold_open(**bank.opening(wallet, "r", 100))
            with pytest.raises(ValueError, match="checkpoint"):
                await writer.hold_extend(request_id="r", amount=120, checkpoint=checkpoint)

    run(scenario())


def test_who_leaves_while_a_hold_opens_leaves_nothing_held(bank, writers, run):
    wallet = bank.wallet(1000)

    async def scenario():
        async with writers() as writer:
            calls = [
                asyncio.create_task(writer.hold_open(**bank.opening(wallet, f"r{n}", 10)))
                for n in range(40)
            ]
            for n, call in enumerate(calls):
                call.cancel() if n % 2 else None
                await asyncio.sleep(0.001 * (n % 3))
            answers = await asyncio.gather(*calls, return_exceptions=True)
            while writer.queued:  # noqa: ASYNC110 (what is left is nobody's to await)
                await asyncio.sleep(0.01)
            assert writer.open_holds == sum(answer is None for answer in answers)

    run(scenario())
    held = set(Hold.objects.filter(state="held").values_list("pk", flat=True))
    assert {f"r{n}" for n in range(0, 40, 2)} <= held
    assert bank.money(wallet) == (1000, 10 * len(held))


def test_who_leaves_while_it_settles_is_settled(bank, writers, run):
    wallet = bank.wallet(1000)

    async def scenario():
        async with writers() as writer:
            await writer.hold_open(**bank.opening(wallet, "r", 10))
            call = asyncio.create_task(writer.hold_settle(**bank.settling(wallet, "r", 4)))
            await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call

    run(scenario())
    assert bank.money(wallet) == (996, 0)


def test_close_commits_what_is_queued(bank, writers, run):
    wallet = bank.wallet(1000)

    async def scenario():
        async with writers() as writer:
            await asyncio.gather(
                *(writer.hold_open(**bank.opening(wallet, f"r{n}", 10)) for n in range(20))
            )
            calls = [
                asyncio.create_task(writer.hold_settle(**bank.settling(wallet, f"r{n}", 3)))
                for n in range(20)
            ]
            await asyncio.sleep(0)
            await writer.close()
            with pytest.raises(LedgerUnavailable):
                await writer.hold_open(**bank.opening(wallet, "late", 10))
            return await asyncio.gather(*calls)

    assert run(scenario()) == [Settlement(3, late=False)] * 20
    assert bank.money(wallet) == (940, 0)


def test_writers_with_the_same_wallets_never_deadlock(bank, writers, run):
    """Batches meet over the same wallets, in every order, with sweeps and grants between them."""
    wallets = [bank.wallet(10**6) for _ in range(8)]

    async def client(writer, client_id):
        for n in range(20):
            wallet = wallets[(client_id * 5 + n * 3) % 8]
            name = f"r{client_id}-{n}"
            await writer.hold_open(**bank.opening(wallet, name, 50))
            await writer.hold_extend(request_id=name, amount=80, checkpoint=bank.checkpoint(n % 50))
            await writer.hold_settle(**bank.settling(wallet, name, n))

    async def scenario():
        async with writers() as one, writers() as two, writers() as three:
            clients = [client((one, two, three)[n % 3], n) for n in range(30)]
            await asyncio.gather(*clients)

    run(scenario())
    spent = 30 * sum(range(20))
    assert sum(10**6 - bank.money(wallet)[0] for wallet in wallets) == spent
    assert not Hold.objects.filter(state="held").exists()


def test_a_usage_record_that_is_there_is_kept(bank, writers, run):
    """And the writer hands over the usage of one batch at once."""
    wallet, calls = bank.wallet(1000), []

    async def insert(conn, records):
        calls.append(len(records))
        await usage_insert(conn, records)

    async def scenario():
        async with writers(usage_insert=insert) as writer:
            await asyncio.gather(
                *(writer.hold_open(**bank.opening(wallet, f"r{n}", 10)) for n in range(10))
            )
            await asyncio.gather(
                *(writer.hold_settle(**bank.settling(wallet, f"r{n}", 1)) for n in range(9)),
                writer.hold_settle(request_id="r9", cost=1, usage=None),
            )

    run(scenario())
    assert sum(calls) == UsageRecord.objects.count() == 9
    assert len(calls) <= 2
