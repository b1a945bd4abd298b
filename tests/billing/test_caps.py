"""Spend caps: a burst cannot pass one, a period ends, and each threshold is told once."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st
from motet_billing.cap_services import alerts_take, cap_clear, cap_set
from motet_billing.caps import PERIODS, threshold, window, window_end
from motet_billing.commands import Settlement
from motet_billing.errors import InsufficientCredit, SpendCapReached, UnknownWallet
from motet_billing.models import Cap, CapAlert

pytestmark = pytest.mark.django_db(transaction=True)

KEY = "key:7"


def nothing(start: datetime) -> int:
    return 0


def set_cap(wallet, limit, *, subject=KEY, period="month", spent=nothing):
    return cap_set(wallet_id=wallet.pk, subject=subject, limit=limit, period=period, spent=spent)


def alerts() -> list[tuple[int, int]]:
    with transaction.atomic():
        return [(alert.percent, alert.spent) for alert in alerts_take()]


@given(
    st.datetimes(timezones=st.just(UTC), max_value=datetime(9000, 1, 1)), st.sampled_from(PERIODS)
)
def test_every_instant_is_in_its_window(now, period):
    start = window(period, now)
    if period == "none":
        assert start is None and window_end(period, now) is None
        return
    end = window_end(period, start)
    assert start <= now < end
    assert window(period, start) == start and window(period, end) == end
    assert window(period, end - timedelta(microseconds=1)) == start


def test_windows_are_of_utc():
    night = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    abroad = night.astimezone(tz=None).astimezone(ZoneInfo("Asia/Tokyo"))
    for now in (night, abroad):
        assert window("day", now) == datetime(2026, 11, 30, tzinfo=UTC)
        assert window("week", now) == datetime(2026, 11, 30, tzinfo=UTC)
        assert window("month", now) == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spent", "limit", "reached"), [(79, 100, 0), (80, 100, 80), (100, 100, 100), (5, 0, 0)]
)
def test_thresholds(spent, limit, reached):
    assert threshold(spent, limit) == reached


@pytest.mark.parametrize("subject", [KEY, ""])
def test_a_burst_cannot_pass_a_cap(bank, writers, run, subject):
    """100 requests at once through two gateways: as many run as the cap can pay for."""
    wallet = bank.wallet(100_000)
    set_cap(wallet, 1000, subject=subject)

    async def scenario():
        async with writers() as one, writers() as two:
            opens = [
                (one, two)[n % 2].hold_open(**bank.opening(wallet, f"r{n}", 30), subject=KEY)
                for n in range(100)
            ]
            answers = await asyncio.gather(*opens, return_exceptions=True)
            held = [n for n, answer in enumerate(answers) if answer is None]
            refused = [answer for answer in answers if answer is not None]
            assert len(held) == 33
            assert {type(answer) for answer in refused} == {SpendCapReached}
            assert {(e.available, e.limit, e.subject) for e in refused} == {(10, 1000, subject)}
            for n in held:
                settling = bank.settling(wallet, f"r{n}", 20)
                assert await (one, two)[n % 2].hold_settle(**settling) == Settlement(20, False)

    run(scenario())
    cap = Cap.objects.get()
    assert (cap.spent, cap.reserved) == (660, 0)
    assert bank.money(wallet) == (100_000 - 660, 0)


def test_what_others_spend_counts_against_the_account_alone(bank, writers, run):
    wallet = bank.wallet(10_000)
    set_cap(wallet, 100)
    set_cap(wallet, 150, subject="")

    async def scenario():
        async with writers() as writer:
            await writer.hold_open(**bank.opening(wallet, "other", 60), subject="key:8")
            await writer.hold_open(**bank.opening(wallet, "nobody", 10))
            with pytest.raises(SpendCapReached) as refused:
                await writer.hold_open(**bank.opening(wallet, "mine", 90), subject=KEY)
            assert (refused.value.subject, refused.value.available) == ("", 80)
            await writer.hold_open(**bank.opening(wallet, "mine", 80), subject=KEY)

    run(scenario())
    assert dict(Cap.objects.values_list("subject", "reserved")) == {KEY: 80, "": 150}


def test_too_little_credit_is_no_cap(bank, writers, run):
    wallet = bank.wallet(50)
    set_cap(wallet, 60)

    async def scenario():
        async with writers() as writer:
            with pytest.raises(InsufficientCredit) as refused:
                await writer.hold_open(**bank.opening(wallet, "r", 70), subject=KEY)
            assert type(refused.value) is InsufficientCredit

    run(scenario())


def test_an_extension_stops_at_the_cap(bank, writers, run):
    wallet = bank.wallet(1000)
    set_cap(wallet, 100)

    async def scenario():
        async with writers() as writer:
            await writer.hold_open(**bank.opening(wallet, "r", 60), subject=KEY)
            with pytest.raises(SpendCapReached) as refused:
                await writer.hold_extend(request_id="r", amount=120, checkpoint=bank.checkpoint(55))
            assert (refused.value.available, refused.value.needed) == (40, 60)
            await writer.hold_extend(request_id="r", amount=100, checkpoint=bank.checkpoint(58))

    run(scenario())
    assert (bank.hold("r").amount, bank.hold("r").checkpoint["cost"]) == (100, 58)
    bank.lapse("r")
    bank.sweep()
    assert Cap.objects.values_list("spent", "reserved").get() == (58, 0)


def test_a_new_period_begins_with_what_is_still_held(bank, writers, run):
    wallet = bank.wallet(10_000)
    set_cap(wallet, 100)

    async def scenario():
        async with writers() as writer:
            await writer.hold_open(**bank.opening(wallet, "old", 50), subject=KEY)
            await writer.hold_open(**bank.opening(wallet, "long", 50), subject=KEY)
            await writer.hold_settle(**bank.settling(wallet, "old", 50))
            with pytest.raises(SpendCapReached) as refused:
                await writer.hold_open(**bank.opening(wallet, "new", 60), subject=KEY)
            assert refused.value.resets_at > datetime.now(UTC)
            start = Cap.objects.get().window_start
            Cap.objects.update(window_start=start - timedelta(days=40))  # a month goes by
            with pytest.raises(SpendCapReached) as refused:  # the long one may take half of it
                await writer.hold_open(**bank.opening(wallet, "new", 60), subject=KEY)
            assert refused.value.available == 50
            await writer.hold_settle(**bank.settling(wallet, "long", 30))
            await writer.hold_open(**bank.opening(wallet, "new", 60), subject=KEY)
            return start

    start = run(scenario())
    cap = Cap.objects.get()
    assert (cap.window_start, cap.spent, cap.reserved) == (start, 30, 60)


def test_each_threshold_is_told_once_a_period(bank, writers, run):
    wallet = bank.wallet(10_000)
    set_cap(wallet, 100)

    async def spend(writer, name, cost):
        await writer.hold_open(**bank.opening(wallet, name, cost), subject=KEY)
        await writer.hold_settle(**bank.settling(wallet, name, cost))

    async def scenario():
        async with writers() as writer:
            await spend(writer, "a", 79)
            assert alerts() == []
            await spend(writer, "b", 1)
            await spend(writer, "c", 5)
            assert alerts() == [(80, 80)]
            for name in "def":  # what is left is too little for it: the cap itself says no
                with pytest.raises(SpendCapReached):
                    await writer.hold_open(**bank.opening(wallet, name, 16), subject=KEY)
            assert alerts() == [(100, 85)]
            await spend(writer, "g", 15)
            assert alerts() == []
            # A higher limit has thresholds of its own.
            set_cap(wallet, 200)
            await spend(writer, "h", 70)
            assert alerts() == [(80, 170)]
            cap = Cap.objects.get()
            Cap.objects.update(window_start=cap.window_start - timedelta(days=40))
            await spend(writer, "i", 200)
            assert alerts() == [(100, 200)]

    run(scenario())
    assert CapAlert.objects.filter(told_at=None).count() == 0


def test_what_merely_waits_for_others_is_no_alert(bank, writers, run):
    wallet = bank.wallet(10_000)
    set_cap(wallet, 100)

    async def scenario():
        async with writers() as writer:
            await writer.hold_open(**bank.opening(wallet, "a", 90), subject=KEY)
            with pytest.raises(SpendCapReached):
                await writer.hold_open(**bank.opening(wallet, "b", 90), subject=KEY)

    run(scenario())
    assert alerts() == []


def test_a_cap_that_is_set_late_knows_what_went_before(bank, writers, run):
    wallet = bank.wallet(10_000)

    async def scenario():
        async with writers() as writer:
            await writer.hold_open(**bank.opening(wallet, "open", 25), subject=KEY)
            asked = []
            set_cap(wallet, 100, spent=lambda start: asked.append(start) or 60)
            assert asked == [Cap.objects.get().window_start] and asked[0].day == 1
            with pytest.raises(SpendCapReached) as refused:
                await writer.hold_open(**bank.opening(wallet, "more", 16), subject=KEY)
            assert refused.value.available == 15
            set_cap(wallet, 10)  # lowered: nothing more, and what is held stays held
            with pytest.raises(SpendCapReached) as refused:
                await writer.hold_open(**bank.opening(wallet, "more", 1), subject=KEY)
            assert refused.value.available == 0
            await writer.hold_settle(**bank.settling(wallet, "open", 25))
            assert cap_clear(wallet_id=wallet.pk, subject=KEY)
            await writer.hold_open(**bank.opening(wallet, "more", 500), subject=KEY)

    run(scenario())
    assert not cap_clear(wallet_id=wallet.pk, subject=KEY)


def test_a_cap_without_period_counts_from_its_beginning(bank):
    cap = set_cap(bank.wallet(100), 10, period="none", spent=lambda start: 1 / 0)
    assert (cap.spent, window_end("none", cap.window_start)) == (0, None)


@pytest.mark.parametrize("wrong", [{"limit": -1}, {"limit": 2**63}, {"period": "year"}])
def test_what_is_no_cap_is_refused(bank, wrong):
    asked = {"wallet_id": bank.wallet().pk, "subject": "", "limit": 1, "period": "day"}
    with pytest.raises(ValueError):
        cap_set(**(asked | wrong), spent=nothing)


def test_no_wallet_no_cap(bank):
    with pytest.raises(UnknownWallet):
        cap_set(wallet_id=10**9, subject="", limit=1, period="day", spent=nothing)
