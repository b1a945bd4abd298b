"""Whatever happens, in any order: paid lots = charges - refunds - disputes that are not won."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from motet_billing.money import PER_USD
from motet_billing.selectors import audit
from motet_billing.stripe.errors import PaymentError
from motet_billing.stripe.models import CENT, Event, Payment
from motet_billing.stripe.refunds import refund_open
from motet_billing.stripe.settle import payment_sync
from motet_platform.outbox.models import Task
from motet_platform.outbox.runner import tasks_run_due

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["pay", "refund", "refund_there", "dispute", "close", "fail", "deliver", "look"]
        ),
        st.integers(0, 5),
        st.integers(1, 1200),
    ),
    min_size=4,
    max_size=14,
)


class World:
    """What people, banks and Stripe do. A step that Stripe refuses changes nothing."""

    def __init__(self, sandbox: Any, payer: Any, client: Any) -> None:
        self.sandbox, self.payer, self.client = sandbox, payer, client

    def pick(self, kind: str, n: int, **wanted: Any) -> Any:
        found = [
            made
            for made in self.sandbox.ask("objects", kind=kind)
            if all(made[name] == value for name, value in wanted.items())
        ]
        return found[n % len(found)] if found else None

    def pay(self, n: int, cents: int) -> None:
        self.payer.checkout(f"{5 + n}.00")
        session = self.pick("checkout.session", 0, status="open")
        self.sandbox.ask("pay", session=session["id"])

    def refund(self, n: int, cents: int) -> None:
        payment = Payment.objects.filter(state="paid").order_by("pk").first()
        if payment is not None:
            try:
                refund_open(self.client, payment_id=payment.pk, cents=cents, reason="")
            except PaymentError:
                pass

    def refund_there(self, n: int, cents: int) -> None:
        charge = self.pick("charge", n, disputed=False)
        left = charge["amount"] - charge["amount_refunded"] if charge else 0
        if left:
            self.client.v1.refunds.create({"charge": charge["id"], "amount": min(left, cents)})

    def dispute(self, n: int, cents: int) -> None:
        charge = self.pick("charge", n, disputed=False, amount_refunded=0)
        if charge:
            self.sandbox.ask("dispute", payment_intent=charge["payment_intent"])

    def close(self, n: int, cents: int) -> None:
        if dispute := self.pick("dispute", n, status="needs_response"):
            self.sandbox.ask("close_dispute", dispute=dispute["id"], won=bool(cents % 2))

    def fail(self, n: int, cents: int) -> None:
        if refund := self.pick("refund", n, status="succeeded"):
            self.sandbox.ask("fail_refund", refund=refund["id"])

    def deliver(self, n: int, cents: int) -> None:
        knobs = {"duplicate": 1 + n % 3, "shuffle": True, "seed": cents, "drop": 0.3}
        self.sandbox.ask("knobs", hold=True, **knobs)
        self.sandbox.ask("flush")
        tasks_run_due()

    def look(self, n: int, cents: int) -> None:
        for payment in Payment.objects.all():
            payment_sync(self.client, payment.pk)

    def stripes_sum(self) -> int:
        """Cents, as Stripe lists them."""
        ask = self.sandbox.ask
        charges = sum(c["amount"] for c in ask("objects", kind="charge"))
        refunds = sum(
            r["amount"] for r in ask("objects", kind="refund") if r["status"] == "succeeded"
        )
        disputes = sum(d["amount"] for d in ask("objects", kind="dispute") if d["status"] != "won")
        return int(charges - refunds - disputes)


@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_paid_lots_are_what_stripe_kept(steps: Any, stripe_on: Any, payer: Any) -> None:
    from motet_platform.payments.rail import require_stripe

    world = World(stripe_on, payer, require_stripe())
    # One history after another on the same account: Stripe's sum and ours both go on.
    world.pay(1, 0)
    for step, n, cents in steps:
        getattr(world, step)(n, cents)
        assert audit() == []
    events = [event["id"] for event in stripe_on.ask("objects", kind="event")]
    known = set(Event.objects.values_list("pk", flat=True))
    # What was dropped is replayed, as Stripe does for three days.
    stripe_on.ask("resend", events=[event for event in events if event not in known])
    while tasks_run_due():
        pass
    assert not Task.objects.filter(done_at=None).exists()
    assert payer.paid() == world.stripes_sum() * CENT
    assert audit() == [] and payer.paid() % (PER_USD // 100) == 0
