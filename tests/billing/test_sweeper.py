"""Holds whose gateway is gone, and credit that expires under them."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from motet_billing.commands import Settlement
from motet_billing.errors import HoldClosed
from motet_billing.services import holds_expire, lots_expire
from motet_platform.metering.models import UsageRecord

pytestmark = pytest.mark.django_db(transaction=True)

PAST = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture
def abandoned(bank, writers, run):
    """Two holds of a gateway that died: one that had delivered 60, one that had not started."""
    wallet = bank.wallet(1000)

    async def scenario():
        async with writers() as writer:
            await writer.hold_open(**bank.opening(wallet, "streaming", 100))
            await writer.hold_extend(
                request_id="streaming", amount=200, checkpoint=bank.checkpoint(60)
            )
            await writer.hold_open(**bank.opening(wallet, "queued", 100))

    run(scenario())
    bank.lapse("streaming", "queued")
    return wallet


def test_the_last_checkpoint_is_charged_and_the_fault_is_named(bank, abandoned):
    assert [hold.cost for hold in sorted(bank.sweep(), key=lambda hold: -hold.cost)] == [60, 0]
    assert bank.money(abandoned) == (940, 0)
    assert [(bank.hold(r).state, bank.hold(r).fault) for r in ("streaming", "queued")] == [
        ("captured", "gateway_crash"),
        ("released", "gateway_crash"),
    ]
    record = UsageRecord.objects.get(pk="streaming")
    assert (record.cost, record.completion_tokens, record.fault) == (60, 60, "gateway_crash")
    assert bank.sweep() == []


def test_a_late_settlement_reopens_nothing(bank, abandoned, writers, run):
    bank.sweep()

    async def scenario():
        async with writers() as writer:
            with pytest.raises(HoldClosed):
                await writer.hold_extend(
                    request_id="streaming", amount=300, checkpoint=bank.checkpoint(150)
                )
            return [
                await writer.hold_settle(**bank.settling(abandoned, request, cost))
                for request, cost in (("streaming", 150), ("queued", 9))
            ]

    assert run(scenario()) == [Settlement(60, late=True), Settlement(0, late=True)]
    assert bank.money(abandoned) == (940, 0)
    assert UsageRecord.objects.get(pk="streaming").cost == 60


def test_a_hold_that_cannot_be_recorded_waits_and_holds_up_nobody(bank, abandoned):
    def record(hold):
        if hold.request_id == "streaming":
            raise RuntimeError("no room")
        bank.record(hold)

    assert [hold.request_id for hold in holds_expire(record=record, grace_s=0)] == ["queued"]
    assert bank.money(abandoned) == (1000, 200)
    assert [hold.request_id for hold in bank.sweep()] == ["streaming"]


def test_nothing_is_swept_right_after_the_database_started(bank, abandoned):
    """Gateways that outlived it settle first."""
    assert holds_expire(record=bank.record, grace_s=10**9) == []
    assert holds_expire(record=bank.record, limit=1, grace_s=0)


def test_a_living_gateway_keeps_its_leases(bank, writers, run):
    wallet = bank.wallet(1000)

    async def scenario():
        async with writers(lease_s=4) as writer:
            await writer.hold_open(**bank.opening(wallet, "r", 100))
            opened = bank.hold("r").lease_until
            while bank.hold("r").lease_until <= opened + timedelta(seconds=1):
                await asyncio.sleep(0.05)
                assert [hold.request_id for hold in bank.sweep()] == []
            await writer.hold_settle(**bank.settling(wallet, "r", 10))

    run(scenario())
    assert bank.money(wallet) == (990, 0)


def test_leases_go_by_the_databases_clock(bank, writers, run):
    wallet = bank.wallet(1000)

    async def scenario():
        async with writers(lease_s=40) as writer:
            await writer.hold_open(**bank.opening(wallet, "r", 100))

    run(scenario())
    hold = bank.hold("r")
    assert timedelta(seconds=40) <= hold.lease_until - hold.opened_at < timedelta(seconds=50)


def test_expiry_waits_for_what_is_held(bank, writers, run):
    """The request that started on credit about to expire is still paid from it."""
    wallet = bank.wallet()
    promo = bank.grant(wallet, 100, kind="promo", expires_at=PAST)
    paid = bank.grant(wallet, 100)

    async def scenario():
        async with writers() as writer:
            await writer.hold_open(**bank.opening(wallet, "r", 70))
            assert lots_expire() == 30
            assert bank.money(wallet) == (170, 70)
            await writer.hold_settle(**bank.settling(wallet, "r", 50))

    run(scenario())
    assert lots_expire() == 20
    promo.refresh_from_db()
    paid.refresh_from_db()
    assert (promo.remaining, paid.remaining) == (0, 100)
    assert bank.money(wallet) == (100, 0)


def test_what_is_held_may_be_all_there_is(bank, writers, run):
    wallet = bank.wallet()
    bank.grant(wallet, 100, kind="promo", expires_at=PAST)

    async def scenario():
        async with writers() as writer:
            await writer.hold_open(**bank.opening(wallet, "r", 100))
            assert lots_expire() == 0
            await writer.hold_settle(**bank.settling(wallet, "r", 100))

    run(scenario())
    assert bank.money(wallet) == (0, 0)
