"""The sandbox as a process of its own, the platform set to pay there, and an account that pays."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

HERE = Path(__file__).parent
SECRET = "whsec_only_for_tests"


@dataclass(frozen=True)
class SandboxProcess:
    """`ask` speaks to /_test/<word>."""

    url: str
    client: httpx.Client

    def ask(self, word: str, **given: Any) -> Any:
        answer = self.client.post(f"{self.url}/_test/{word}", json=given)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxProcess]:
    process = subprocess.Popen(
        [sys.executable, "-m", "stripe_sandbox", "--secret", SECRET],
        env={**os.environ, "PYTHONPATH": str(HERE)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("sandbox, not Stripe: "), line
        with httpx.Client(timeout=60, trust_env=False, verify=False) as client:
            yield SandboxProcess(line.split(": ", 1)[1].strip(), client)
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> SandboxProcess:
    """Empty, with deliveries held until they are asked for."""
    sandbox_process.ask("reset")
    sandbox_process.ask("knobs", hold=True)
    return sandbox_process


@pytest.fixture
def stripe_on(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, live_server: Any
) -> SandboxProcess:
    """The platform pays at the sandbox, and hears of it at a real address."""
    from motet_platform.config import get_config

    values = get_config().__dict__  # frozen against assignment, and read once per process
    monkeypatch.setitem(values, "stripe", "sandbox")
    monkeypatch.setitem(values, "stripe_url", sandbox.url)
    monkeypatch.setitem(values, "stripe_api_key", "sk_test_only_for_tests")
    monkeypatch.setitem(values, "stripe_webhook_secret", SECRET)
    sandbox.ask("webhook", url=f"{live_server.url}/v1/webhooks/stripe", secret=SECRET)
    return sandbox


@dataclass(frozen=True)
class Payer:
    """An account with an owner and a client that sends its key."""

    account: Any
    api: Any
    wallet: int

    def paid(self) -> int:
        """Picodollars of paid credit that is left."""
        from django.db.models import Sum
        from motet_billing.models import Lot

        lots = Lot.objects.filter(wallet=self.wallet, kind="paid")
        return lots.aggregate(sum=Sum("remaining"))["sum"] or 0

    def checkout(self, amount: str = "20.00") -> dict[str, Any]:
        answer = self.api.post("/v1/billing/checkout", {"amount": amount}, format="json")
        assert answer.status_code == 201, answer.content
        return dict(answer.json())


@pytest.fixture
def payer(transactional_db: None) -> Payer:
    from motet_platform.accounts.services import account_create
    from motet_platform.keys.services import key_create
    from rest_framework.test import APIClient

    new = account_create(email="alice@acme.example", name="Acme", slug="acme")
    api = APIClient()
    secret = key_create(account=new.account, name="test", created_by=new.owner).secret
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return Payer(new.account, api, new.account.wallet.pk)
