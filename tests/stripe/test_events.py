"""Webhooks late, often, out of order, lost and replayed: the books end the same."""

import hmac
import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from django.db import connections
from motet_billing.checks import outside
from motet_billing.models import Journal, Lot
from motet_billing.money import PER_USD
from motet_billing.selectors import audit
from motet_billing.stripe.models import Customer, Dispute, Event, Payment, Refund
from motet_platform.outbox.models import Task
from motet_platform.outbox.runner import tasks_run_due

SECRET = "whsec_only_for_tests"


def _run_all() -> None:
    for _ in range(40):
        if not tasks_run_due():
            break
    assert not Task.objects.filter(done_at=None).exists()


def _history(sandbox: Any, payer: Any) -> None:
    """Three top-ups: one refunded in part at Stripe, one whose dispute is lost, one won back."""
    for _ in range(3):
        payer.checkout("20.00")
    sessions = Payment.objects.order_by("created_at").values_list("session_id", flat=True)
    intents = [sandbox.ask("pay", session=s)["payment_intent"] for s in sessions]
    client = _client()
    client.v1.refunds.create({"payment_intent": intents[0], "amount": 500})
    lost = sandbox.ask("dispute", payment_intent=intents[1])
    won = sandbox.ask("dispute", payment_intent=intents[2])
    sandbox.ask("close_dispute", dispute=lost["id"], won=False)
    sandbox.ask("close_dispute", dispute=won["id"], won=True)


def test_ten_times_and_shuffled(stripe_on: Any, payer: Any) -> None:
    _history(stripe_on, payer)
    stripe_on.ask("knobs", hold=True, duplicate=10, shuffle=True, seed=7)
    statuses = stripe_on.ask("flush")
    assert len(statuses) >= 100 and set(statuses) == {200}
    assert Event.objects.count() * 10 == len(statuses)
    _run_all()
    # 20 - 5 refunded, 20 lost, 20 won back.
    assert payer.paid() == 35 * PER_USD
    assert audit() == []
    assert Customer.objects.get().disputed_at is not None  # one was lost
    assert payer.api.get("/v1/billing/settings").json()["disputed"] is True
    assert not Event.objects.filter(handled_at=None).exists()


def test_many_hands_at_once(stripe_on: Any, payer: Any, live_server: Any) -> None:
    """Each event comes four times at once, while three processes handle what is there already."""
    _history(stripe_on, payer)
    stripe_on.ask("knobs", hold=True, drop=1.0)
    stripe_on.ask("flush")
    events = stripe_on.ask("objects", kind="event") * 4
    random.Random(3).shuffle(events)
    address = f"{live_server.url}/v1/webhooks/stripe"

    def deliver(event: Any) -> int:
        body = json.dumps(event)
        stamp = int(time.time())
        signed = hmac.new(SECRET.encode(), f"{stamp}.{body}".encode(), "sha256").hexdigest()
        headers = {"stripe-signature": f"t={stamp},v1={signed}"}
        return httpx.post(address, content=body, headers=headers, timeout=60).status_code

    def handle(_: int) -> None:
        try:
            while not arrived.is_set():
                tasks_run_due()
        finally:
            connections.close_all()

    arrived = threading.Event()
    with ThreadPoolExecutor(3) as hands, ThreadPoolExecutor(6) as couriers:
        handling = [hands.submit(handle, n) for n in range(3)]
        try:
            assert set(couriers.map(deliver, events)) == {200}
        finally:
            arrived.set()
        for each in handling:
            each.result()
    Task.objects.filter(done_at=None).update(available_at="2020-01-01T00:00:00Z")
    _run_all()
    assert Event.objects.count() * 4 == len(events)
    assert payer.paid() == 35 * PER_USD
    assert audit() == [] and outside() == []


def test_handled_again_later_in_another_order(stripe_on: Any, payer: Any) -> None:
    _history(stripe_on, payer)
    stripe_on.ask("flush")
    _run_all()
    before = sorted(Journal.objects.values_list("key", flat=True))
    from motet_billing.stripe.events import event_handle

    for event in Event.objects.order_by("-pk"):
        event_handle(_client(), event.pk)
    assert sorted(Journal.objects.values_list("key", flat=True)) == before
    assert payer.paid() == 35 * PER_USD


def test_all_lost_then_replayed(stripe_on: Any, payer: Any) -> None:
    _history(stripe_on, payer)
    events = [event["id"] for event in stripe_on.ask("objects", kind="event")]
    stripe_on.ask("knobs", hold=True, drop=1.0)
    assert stripe_on.ask("flush") == []
    _run_all()
    assert payer.paid() == 0 and not Event.objects.exists()
    assert set(stripe_on.ask("resend", events=events)) == {200}  # newest first
    _run_all()
    assert payer.paid() == 35 * PER_USD
    assert audit() == []


def test_one_event_alone_brings_the_whole_payment(stripe_on: Any, payer: Any) -> None:
    """The last event of a history is enough: Stripe is asked, not the events."""
    payer.checkout("20.00")
    intent = stripe_on.ask("pay", session=Payment.objects.get().session_id)["payment_intent"]
    dispute = stripe_on.ask("dispute", payment_intent=intent)
    stripe_on.ask("close_dispute", dispute=dispute["id"], won=False)
    closed = next(
        event["id"]
        for event in stripe_on.ask("objects", kind="event")
        if event["type"] == "charge.dispute.closed"
    )
    stripe_on.ask("resend", events=[closed])
    _run_all()
    payment = Payment.objects.get()
    assert (payment.state, payer.paid()) == ("paid", 0)
    assert Dispute.objects.get().state == "lost"
    assert Lot.objects.filter(kind="paid").count() == 1


def test_a_webhook_that_finds_us_down_comes_again(stripe_on: Any, payer: Any) -> None:
    """Delivered by the courier's own thread, which tries again after a refusal."""
    import time

    stripe_on.ask("knobs", hold=False, delay_s=0.05, duplicate=2)
    payer.checkout("20.00")
    stripe_on.ask("pay", session=Payment.objects.get().session_id)
    for _ in range(200):
        if Event.objects.filter(type="checkout.session.completed").exists():
            break
        time.sleep(0.05)
    _run_all()
    assert payer.paid() == 20 * PER_USD


def test_spent_credit_is_not_taken_twice(stripe_on: Any, payer: Any) -> None:
    """A dispute after the credit is spent takes what is left, and never goes below zero."""
    from motet_billing.services import credit_take

    payer.checkout("20.00")
    intent = stripe_on.ask("pay", session=Payment.objects.get().session_id)["payment_intent"]
    stripe_on.ask("flush")
    _run_all()
    credit_take(
        wallet_id=payer.wallet, amount=17 * PER_USD, kind="adjustment", source_key="spent",
        memo="spent", lots="paid",
    )  # fmt: skip
    dispute = stripe_on.ask("dispute", payment_intent=intent)
    stripe_on.ask("flush")
    _run_all()
    assert Dispute.objects.get().taken == 3 * PER_USD
    assert payer.paid() == 0
    stripe_on.ask("close_dispute", dispute=dispute["id"], won=True)
    stripe_on.ask("flush")
    _run_all()
    assert payer.paid() == 3 * PER_USD
    assert Customer.objects.get().disputed_at is None
    assert not Refund.objects.exists()
    assert audit() == []


def _client() -> Any:
    from motet_platform.payments.rail import require_stripe

    return require_stripe()
