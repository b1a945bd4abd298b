"""Imports that end before their end: cancelled, given back, died, too slow, unforeseen."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from motet_platform.adapters.imports import run
from motet_platform.adapters.imports.importer import Importer
from motet_platform.adapters.imports.services import import_claim, imports_sweep
from motet_platform.adapters.models import Import
from motet_platform.adapters.testing import good
from motet_platform.config import get_config

from ...hub import FILES, StandIn, stalled
from .importing import SIGNED, TOKEN, URL, ask, fetch, of, shown

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("importing")]


@pytest.fixture
def begun(alice: Any, hub: StandIn) -> Iterator[Callable[[], Importer]]:
    """begun(): an importer of this process, in the middle of a file."""
    hub.push("acme/lora", of(good()))
    hub.faults = {FILES[1]: stalled}
    ask(alice)
    importers = []

    def begin() -> Importer:
        importers.append(Importer())
        importers[0].start()
        wait_until(lambda: (shown(alice)["imported_from"]["total"] or 0) > 0)
        return importers[0]

    yield begin
    hub.let_go.set()
    for importer in importers:
        importer.stop()


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        threading.Event().wait(0.02)
    pytest.fail("it did not come about")


def test_progress_and_cancelling(alice: Any, begun: Any, work: Any, files_left: Any) -> None:
    importer = begun()
    came = shown(alice)["imported_from"]
    assert 0 < came["received"] < came["total"] and len(came["commit"]) == 40
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' "
            "AND datname = current_database()"
        )
        assert cursor.fetchone()[0] == 0
    assert alice.api.delete(f"{URL}/versions/1").status_code == 204
    assert not Import.objects.exclude(secret="").exists()
    importer.stop()  # which waits for it
    work()
    assert files_left() == [] and alice.api.get(f"{URL}/versions").json()["data"] == []


def test_a_process_that_ends_gives_it_back(
    alice: Any, begun: Any, hub: StandIn, work: Any, files_left: Any
) -> None:
    begun().stop()
    assert (shown(alice)["state"], files_left()) == ("uploading", [])
    hub.faults.clear()
    fetch()
    work()
    assert shown(alice)["state"] == "ready"


def test_a_process_that_dies_is_told(alice: Any, hub: StandIn, files_left: Any) -> None:
    hub.push("acme/lora", of(good()), token=TOKEN)
    ask(alice, token=TOKEN)
    assert import_claim() is not None
    assert imports_sweep() == 0
    Import.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert imports_sweep() == 1
    assert shown(alice)["error"]["code"] == "import_interrupted"
    assert (Import.objects.get().secret, files_left()) == ("", [])
    assert import_claim() is None


def test_a_source_that_takes_for_ever(
    alice: Any, hub: StandIn, files_left: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.push("acme/lora", of(good()))
    hub.faults = {FILES[1]: stalled}
    monkeypatch.setitem(get_config().__dict__, "import_timeout_s", 0.2)
    ask(alice)
    fetch()
    error = shown(alice)["error"]
    assert error["code"] == "import_timeout" and "0.2 s" in error["message"]
    assert files_left() == []


def test_what_nobody_foresaw(
    alice: Any, hub: StandIn, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def broken(*words: Any, **more: Any) -> None:
        raise RuntimeError(f"{hub.url}?{SIGNED}")

    ask(alice)
    monkeypatch.setattr(run.hub, "download", broken)
    fetch()
    assert shown(alice)["error"]["code"] == "import_failed"
    assert "RuntimeError" in caplog.text and SIGNED not in caplog.text


def test_an_import_is_no_resumable_upload(alice: Any, error_of: Any) -> None:
    ask(alice)
    assert error_of(alice.api.post(f"{URL}/versions/1/complete")) == "upload_not_found"
    chunk = alice.api.put(
        f"{URL}/versions/1/parts/adapter_model", b"x", content_type="application/octet-stream",
        HTTP_CONTENT_RANGE="bytes 0-0/1",
    )  # fmt: skip
    assert error_of(chunk) == "upload_not_found"
