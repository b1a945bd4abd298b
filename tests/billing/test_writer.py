"""The writer: durable, exact, and never failing one request for another's sake."""

import pytest
from motet_billing.commands import Settlement
from motet_platform.metering.models import UsageRecord

pytestmark = pytest.mark.django_db(transaction=True)


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
