"""A top-up by Checkout: from the API over the page in the browser to credit."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db.models.functions import Now
from motet_billing.money import PER_USD
from motet_billing.selectors import audit
from motet_billing.stripe.models import Customer, Event, Payment
from motet_billing.stripe.reconcile import reconcile
from motet_platform.outbox.runner import tasks_run_due
from rest_framework.test import APIClient

GOOD, DECLINED, ASKS = "4242424242424242", "4000000000000002", "4000002760003184"


def test_a_person_pays_and_has_credit(stripe_on: Any, payer: Any) -> None:
    payment = payer.checkout("20.00")
    assert (payment["state"], payment["amount"], payment["paid"]) == ("open", "20.00", "0.00")
    page = httpx.get(payment["url"])
    assert "sandbox, not Stripe" in page.text and "$20.00" in page.text
    done = httpx.post(payment["url"], data={"card": GOOD})
    assert done.status_code == 303 and payment["id"] in done.headers["location"]

    assert payer.paid() == 0  # nobody was told yet
    assert set(stripe_on.ask("flush")) == {200}
    tasks_run_due()
    assert payer.paid() == 20 * PER_USD
    body = payer.api.get("/v1/billing/balance").json()
    assert body["posted"] == "25.00"
    shown = payer.api.get(f"/v1/billing/payments/{payment['id']}").json()
    assert (shown["state"], shown["paid"], shown["url"]) == ("paid", "20.00", "")
    assert shown["receipt_url"] and shown["paid_at"]
    assert payer.api.get("/v1/billing/payments").json()["data"] == [shown]
    assert audit() == []

    (card,) = payer.api.get("/v1/billing/payment_methods").json()["data"]
    assert (card["last4"], card["default"]) == ("4242", True)
    (invoice,) = payer.api.get("/v1/billing/invoices").json()["data"]
    assert (invoice["total"], invoice["status"]) == ("20.00", "paid")


def test_without_any_webhook_the_success_page_is_enough(stripe_on: Any, payer: Any) -> None:
    payment = payer.checkout("7.50")
    stripe_on.ask("pay", session=Payment.objects.get().session_id)
    Payment.objects.update(checked_at=None)
    shown = payer.api.get(f"/v1/billing/payments/{payment['id']}").json()
    assert shown["state"] == "paid"
    assert payer.paid() == 75 * PER_USD // 10
    assert set(stripe_on.ask("flush")) == {200}
    tasks_run_due()
    assert payer.paid() == 75 * PER_USD // 10


def test_a_declined_card_leaves_the_page_open_for_another(stripe_on: Any, payer: Any) -> None:
    payment = payer.checkout()
    refused = httpx.post(payment["url"], data={"card": DECLINED})
    assert refused.status_code == 200 and "declined" in refused.text
    stripe_on.ask("flush")
    tasks_run_due()
    assert Payment.objects.get().state == "open"
    assert httpx.post(payment["url"], data={"card": GOOD}).status_code == 303
    stripe_on.ask("flush")
    tasks_run_due()
    assert payer.paid() == 20 * PER_USD


def test_a_bank_that_asks_its_person(stripe_on: Any, payer: Any) -> None:
    payment = payer.checkout()

    def post(**form: str) -> Any:
        answer = httpx.post(payment["url"], data={"card": ASKS, **form})
        stripe_on.ask("flush")
        tasks_run_due()
        return answer

    asked = post()
    assert asked.status_code == 200 and "Your bank asks" in asked.text and "3184" in asked.text
    failed = post(bank="fail")
    assert failed.status_code == 200 and "Authentication failed" in failed.text
    assert (Payment.objects.get().state, payer.paid()) == ("open", 0)
    assert post(bank="confirm").status_code == 303
    assert payer.paid() == 20 * PER_USD
    assert len(stripe_on.ask("objects", kind="charge")) == 1
    assert audit() == []


def test_a_page_nobody_paid_ends(stripe_on: Any, payer: Any) -> None:
    payment = payer.checkout()
    stripe_on.ask("advance", seconds=25 * 3600)
    Payment.objects.update(checked_at=None)
    shown = payer.api.get(f"/v1/billing/payments/{payment['id']}").json()
    assert (shown["state"], shown["error"]) == ("failed", "expired")
    assert payer.paid() == 0


def test_tax_is_paid_but_is_no_credit(
    stripe_on: Any, payer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from motet_platform.config import get_config

    monkeypatch.setitem(get_config().__dict__, "stripe_tax", True)
    stripe_on.ask("tax", percent=19)
    payment = payer.checkout("10.00")
    stripe_on.ask("pay", session=Payment.objects.get().session_id)
    stripe_on.ask("flush")
    tasks_run_due()
    shown = payer.api.get(f"/v1/billing/payments/{payment['id']}").json()
    assert (shown["amount"], shown["paid"]) == ("10.00", "11.90")
    assert payer.paid() == 10 * PER_USD


@pytest.mark.parametrize("amount", ["4.99", "10000.01", "5.001", "-5", "x", "", None, 1e30])
def test_amounts_that_cannot_be_paid(amount: Any, stripe_on: Any, payer: Any) -> None:
    answer = payer.api.post("/v1/billing/checkout", {"amount": amount}, format="json")
    assert answer.status_code == 400 and answer.json()["error"]["param"] == "amount"
    assert not Payment.objects.exists()


def test_the_portal_and_one_customer_per_account(stripe_on: Any, payer: Any) -> None:
    payer.checkout()
    payer.checkout()
    url = payer.api.post("/v1/billing/portal").json()["url"]
    assert "sandbox, not Stripe" in httpx.get(url).text
    assert len(stripe_on.ask("objects", kind="customer")) == Customer.objects.count() == 1


def test_forged_old_and_foreign_events(stripe_on: Any, payer: Any) -> None:
    api = APIClient()
    for headers in ({}, {"HTTP_STRIPE_SIGNATURE": "t=1,v1=00"}):
        answer = api.generic("POST", "/v1/webhooks/stripe", b'{"id":"evt_1"}', **headers)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "invalid_signature"
    assert not Event.objects.exists()
    # An event about somebody else's payment is stored, handled and changes nothing.
    stripe_on.ask("knobs", hold=True)
    client = _client()
    customer = client.v1.customers.create({"email": "x@y.example"})
    client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    card = client.v1.payment_methods.list({"customer": customer.id}).data[0]
    client.v1.payment_intents.create(
        {"amount": 500, "currency": "usd", "customer": customer.id, "payment_method": card.id,
         "confirm": True, "off_session": True}
    )  # fmt: skip
    assert set(stripe_on.ask("flush")) == {200}
    tasks_run_due()
    assert payer.paid() == 0
    assert not Event.objects.filter(handled_at=None).exists()


def test_off_says_so_in_one_way(payer: Any) -> None:
    assert payer.api.get("/v1/billing/settings").json()["stripe"] == "off"
    calls = [
        ("post", "checkout"), ("post", "portal"), ("get", "autotopup"), ("put", "autotopup"),
        ("get", "invoices"), ("get", "payment_methods"),
    ]  # fmt: skip
    for method, path in calls:
        answer = getattr(payer.api, method)(f"/v1/billing/{path}", {}, format="json")
        assert (answer.status_code, answer.json()["error"]["code"]) == (501, "stripe_off"), path
    answer = APIClient().post("/v1/webhooks/stripe", {}, format="json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "stripe_off")


def test_another_tenant_sees_no_payment(stripe_on: Any, payer: Any) -> None:
    from motet_platform.accounts.services import account_create
    from motet_platform.keys.services import key_create

    payment = payer.checkout()
    other = account_create(email="charlie@other.example", slug="other")
    api = APIClient()
    secret = key_create(account=other.account, name="x", created_by=other.owner).secret
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert api.get(f"/v1/billing/payments/{payment['id']}").status_code == 404
    assert api.get("/v1/billing/payments").json()["data"] == []


def test_the_list_by_pages(stripe_on: Any, payer: Any) -> None:
    ids = [payer.checkout("20.00")["id"] for _ in range(3)][::-1]
    Payment.objects.update(created_at=Payment.objects.earliest("created_at").created_at)
    ids.sort(reverse=True)  # at one instant the ids decide

    def page(**query: Any) -> Any:
        return payer.api.get("/v1/billing/payments", query).json()

    first = page(limit=2)
    assert [row["id"] for row in first["data"]] == ids[:2]
    assert (first["has_more"], first["next"]) == (True, ids[1])
    second = page(limit=2, after=first["next"])
    assert [row["id"] for row in second["data"]] == ids[2:]
    assert (second["has_more"], second["next"]) == (False, None)
    assert [row["id"] for row in page()["data"]] == ids
    from motet_platform.accounts.services import account_create

    other = account_create(email="charlie@other.example", name="Other", slug="other").account
    theirs = Payment.objects.create(wallet=other.wallet, kind="checkout", cents=1).pk
    for wrong in ({"after": "x"}, {"after": theirs}, {"limit": 0}):
        assert page(**wrong)["error"]["code"] == "invalid_request"


def _client() -> Any:
    from motet_platform.payments.rail import require_stripe

    return require_stripe()


def test_one_that_nothing_helps_keeps_nobody_waiting(stripe_on: Any, payer: Any) -> None:
    """Stripe took less than was asked for, which cannot be: that payment is left to a person."""
    for _ in range(2):
        payer.checkout("20.00")
    odd, sound = Payment.objects.order_by("created_at")
    for payment in (odd, sound):
        stripe_on.ask("pay", session=payment.session_id)
    Payment.objects.filter(pk=odd.pk).update(cents=2001)
    Payment.objects.update(checked_at=Now() - timedelta(hours=1))
    assert reconcile(_client()) == 1
    odd.refresh_from_db()
    sound.refresh_from_db()
    assert (odd.state, sound.state, payer.paid()) == ("open", "paid", 20 * PER_USD)
    assert audit() == []
