"""The same flows at the sandbox and, with a test-mode key in STRIPE_API_KEY, at Stripe itself.

No browser and no webhook here, so that both can run it: cards are Stripe's ready-made ones.
"""

import os
from typing import Any

import pytest
from django.db import transaction
from motet_billing.money import PER_USD
from motet_billing.selectors import audit
from motet_billing.stripe.autotopup import autotopup_open, autotopup_send, autotopup_set
from motet_billing.stripe.checkout import checkout_open
from motet_billing.stripe.client import connect
from motet_billing.stripe.customers import card_of, customer_open, portal_url
from motet_billing.stripe.errors import RefundRefused
from motet_billing.stripe.meters import export_cut, meter_open, plan_open
from motet_billing.stripe.models import CENT, AutoTopup, Customer, Payment
from motet_billing.stripe.refunds import refund_open
from motet_billing.stripe.settle import payment_sync


@pytest.fixture(params=["sandbox", "stripe"])
def client(request: pytest.FixtureRequest) -> Any:
    if request.param == "sandbox":
        return connect("sk_test_x", request.getfixturevalue("sandbox").url)
    key = os.environ.get("STRIPE_API_KEY", "")
    if not key.startswith(("sk_test_", "rk_test_")):
        pytest.skip("Stripe itself is not tried: STRIPE_API_KEY holds no test-mode key")
    return connect(key)


@pytest.fixture
def customer(client: Any, payer: Any) -> Customer:
    return customer_open(client, wallet_id=payer.wallet, email="alice@acme.example", name="Acme")


def _save(client: Any, customer: Customer, method: str) -> None:
    client.v1.payment_methods.attach(method, {"customer": customer.stripe_id})


def _top_up(client: Any, payer: Any) -> Payment:
    autotopup_set(
        wallet_id=payer.wallet, enabled=True, threshold=1000 * PER_USD,
        cents=2000, monthly_cap_cents=100_000,
    )  # fmt: skip
    payment = autotopup_open(payer.wallet)
    assert payment is not None
    return autotopup_send(client, payment)


def test_charge_refund_and_the_rest(client: Any, customer: Customer, payer: Any) -> None:
    assert card_of(client, customer.stripe_id or "") is None
    _save(client, customer, "pm_card_visa")
    payment = _top_up(client, payer)
    assert (payment.state, payment.received, payer.paid()) == ("paid", 2000, 20 * PER_USD)
    refund = refund_open(client, payment_id=payment.pk, cents=500, reason="")
    assert (refund.state, payer.paid()) == ("done", 15 * PER_USD)
    with pytest.raises(RefundRefused):
        refund_open(client, payment_id=payment.pk, cents=1501, reason="")
    again = payment_sync(client, payment.pk)
    assert (again.state, payer.paid(), audit()) == ("paid", 15 * PER_USD, [])


@pytest.mark.parametrize(
    ("method", "stopped"),
    [
        ("pm_card_chargeCustomerFail", ""),
        ("pm_card_authenticationRequired", "authentication_required"),
    ],
)
def test_cards_that_cannot_be_charged(
    method: str, stopped: str, client: Any, customer: Customer, payer: Any
) -> None:
    _save(client, customer, method)
    payment = _top_up(client, payer)
    assert (payment.state, payer.paid()) == ("failed", 0)
    rule = AutoTopup.objects.get()
    assert (rule.failures, rule.stopped) == (1, stopped)
    assert payment.intent_id is not None
    assert client.v1.payment_intents.retrieve(payment.intent_id).status == "canceled"


def test_a_page_that_is_given_up(client: Any, customer: Customer, payer: Any) -> None:
    payment = checkout_open(
        client, customer=customer, cents=1234, return_url="https://motet.example/b", tax=False
    )
    assert payment.url.startswith("http") and payment.session_id is not None
    assert payment_sync(client, payment.pk).state == "open"
    client.v1.checkout.sessions.expire(payment.session_id)
    ended = payment_sync(client, payment.pk)
    assert (ended.state, ended.error, payer.paid()) == ("failed", "expired", 0)


def test_the_door_to_the_portal(client: Any, customer: Customer) -> None:
    assert portal_url(client, customer=customer, return_url="https://motet.example").startswith(
        "http"
    )


def test_a_meter_for_postpaid_usage(client: Any, customer: Customer, payer: Any) -> None:
    assert meter_open(client) == meter_open(client)
    plan_open(wallet_id=payer.wallet)
    assert export_cut(payer.wallet) is None
    assert CENT == PER_USD // 100


def test_nothing_is_asked_of_stripe_inside_a_transaction(client: Any, customer: Customer) -> None:
    """The client itself refuses, whatever is asked, so that no path of any flow can do it."""
    asked = [
        lambda: client.v1.customers.retrieve(customer.stripe_id or ""),
        lambda: client.v1.customers.create({"email": "b@acme.example"}),
        lambda: card_of(client, customer.stripe_id or ""),
        lambda: meter_open(client),
    ]
    for ask in asked:
        with transaction.atomic(), pytest.raises(RuntimeError, match="inside a database"):
            ask()
        ask()
