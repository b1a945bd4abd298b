"""A store and a base of the test's own, uploads through the API, and the work of the tasks process
done on demand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from motet_platform.adapters.testing import TINY_BASE, Files, good

from ...hub import StandIn


@pytest.fixture
def base(db: None) -> Any:
    """A registered base of the shape TINY_BASE."""
    from motet_billing.services import price_set
    from motet_platform.catalog.models import BaseModel

    price_set(sku="tiny", input=100_000, cached_input=50_000, output=200_000)
    return BaseModel.objects.create(name="tiny", revision="1", config=TINY_BASE, context_length=256)


@pytest.fixture
def files_left(store: Path) -> Callable[[], list[str]]:
    """Every file of the store and of the scratch folder, as relative paths."""

    def left() -> list[str]:
        root = store.parent
        found = (p for p in root.rglob("*") if p.is_file())
        return sorted(str(p.relative_to(root)) for p in found)

    return left


@pytest.fixture
def work() -> Callable[[], int]:
    """Does what the tasks process would; how many tasks there were."""
    from motet_platform.outbox.runner import tasks_run_due

    return tasks_run_due


@pytest.fixture
def upload(base: Any, store: Path) -> Callable[..., Any]:
    """upload(person, files, name="support"): makes the adapter if need be, sends both files."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    def send(person: Any, files: Files | None = None, name: str = "support") -> Any:
        body = {"name": name, "base_model": "tiny"}
        person.api.post("/v1/adapters", body, format="json")
        files = files or good()
        parts = {
            "adapter_config": SimpleUploadedFile("adapter_config.json", files.config),
            "adapter_model": SimpleUploadedFile("adapter_model.safetensors", files.model),
        }
        return person.api.post(f"/v1/adapters/{name}/versions", parts, format="multipart")

    return send


@pytest.fixture
def ready(upload: Callable[..., Any], work: Callable[[], int]) -> Callable[..., dict[str, Any]]:
    """ready(person, seed=0, name="support"): a version that came through the gate."""

    def make(person: Any, seed: int = 0, name: str = "support") -> dict[str, Any]:
        sent = upload(person, good(seed=seed), name)
        assert sent.status_code == 202, sent.json()
        work()
        number = sent.json()["version"]
        shown: dict[str, Any] = person.api.get(f"/v1/adapters/{name}/versions/{number}").json()
        assert shown["state"] == "ready", shown
        return shown

    return make


@pytest.fixture
def importing(
    base: Any, store: Path, hub: StandIn, monkeypatch: pytest.MonkeyPatch, alice: Any
) -> None:
    """The hub is the stand-in, and Alice has an adapter `support` without versions."""
    from motet_platform.adapters.imports import run
    from motet_platform.config import get_config

    monkeypatch.setitem(get_config().__dict__, "hub_url", hub.url)
    monkeypatch.setattr(run, "BEAT_S", 0.02)
    alice.api.post("/v1/adapters", {"name": "support", "base_model": "tiny"}, format="json")
