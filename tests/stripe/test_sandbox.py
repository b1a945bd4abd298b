"""The sandbox itself: what it takes is what the SDK can send, and what it cannot do it says."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

HERE = Path(__file__).parent


@pytest.fixture
def client(sandbox: Any) -> stripe.StripeClient:
    return stripe.StripeClient(
        "sk_test_x", base_addresses={"api": sandbox.url}, max_network_retries=0
    )


def _fails(call: Any) -> stripe.StripeError:
    with pytest.raises(stripe.StripeError) as caught:
        call()
    return caught.value


def test_requests_are_held_against_the_sdks_types(client: Any, sandbox: Any) -> None:
    unknown = _fails(lambda: client.v1.customers.create({"e-mail": "x"}))
    assert (unknown.http_status, unknown.code) == (400, "parameter_unknown")
    missing = _fails(lambda: client.v1.payment_intents.create({"currency": "usd"}))
    assert (missing.http_status, missing.code) == (400, "parameter_missing")
    wrong = _fails(lambda: client.v1.payment_intents.create({"amount": "x", "currency": "usd"}))
    assert wrong.http_status == 400
    word = _fails(lambda: client.v1.checkout.sessions.create({"mode": "gift"}))
    assert word.http_status == 400
    assert sandbox.ask("objects", kind="customer") == []


def test_what_is_not_there_and_what_is_not_built(client: Any, sandbox: Any) -> None:
    assert _fails(lambda: client.v1.payouts.list()).http_status == 501
    assert _fails(lambda: client.v1.subscriptions.list()).http_status == 501
    assert _fails(lambda: client.v1.customers.retrieve("cus_x")).code == "resource_missing"
    headers = {"authorization": "Bearer sk_test_x"}
    assert httpx.get(f"{sandbox.url}/v1/nothing", headers=headers).status_code == 404
    assert httpx.get(f"{sandbox.url}/v1/customers").status_code == 401
    live = {"authorization": "Bearer sk_live_x"}
    assert httpx.get(f"{sandbox.url}/v1/customers", headers=live).status_code == 401


def test_a_key_is_answered_once(client: Any) -> None:
    def make(email: str) -> Any:
        return client.v1.customers.create({"email": email}, {"idempotency_key": "k"})

    assert make("a@b.example").id == make("a@b.example").id
    assert isinstance(_fails(lambda: make("c@d.example")), stripe.IdempotencyError)


def test_signatures_are_what_the_sdk_verifies() -> None:
    sys.path.insert(0, str(HERE))
    try:
        from stripe_sandbox.webhooks import signature
    finally:
        sys.path.remove(str(HERE))
    header = signature(b'{"id": "evt_1"}', "whsec_x")
    assert stripe.WebhookSignature.verify_header('{"id": "evt_1"}', header, "whsec_x", 300)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header('{"id": "evt_2"}', header, "whsec_x", 300)


def test_the_portal_saves_and_removes_cards(client: Any) -> None:
    customer = client.v1.customers.create({"email": "a@b.example"})
    url = client.v1.billing_portal.sessions.create({"customer": customer.id}).url
    httpx.post(url, data={"card": "5555555555554444"})
    (card,) = client.v1.payment_methods.list({"customer": customer.id}).data
    assert card.card.brand == "mastercard"
    httpx.post(url, data={"remove": card.id})
    assert client.v1.payment_methods.list({"customer": customer.id}).data == []


def test_objects_outlive_the_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "stripe_sandbox", "--state", str(tmp_path / "state.json")]

    def started() -> tuple[Any, str]:
        process = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": str(HERE)}, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        return process, process.stdout.readline().split(": ", 1)[1].strip()

    keys = []
    for n in range(2):
        process, url = started()
        try:
            client = stripe.StripeClient("sk_test_x", base_addresses={"api": url})
            if n == 0:
                keys.append(client.v1.customers.create({"email": "a@b.example"}).id)
            else:
                assert client.v1.customers.retrieve(keys[0]).email == "a@b.example"
        finally:
            process.terminate()
            assert process.wait(20) == 0
