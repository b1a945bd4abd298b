"""The demo: seeded through a user's own path, and seeded again without change."""

import json
from pathlib import Path
from typing import Any

import pytest
from motet_inference.tiny import ADAPTERS
from motet_platform.accounts.demo import demo_seed
from motet_platform.accounts.models import Account
from motet_platform.adapters.models import Version
from motet_platform.keys.models import ApiKey
from motet_platform.outbox.runner import tasks_run_due

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def var(store: Path) -> Path:
    folder = store.parent / "var"
    folder.mkdir()
    return folder


def test_it_works(anonymous: Any) -> None:
    demo = demo_seed()
    assert demo["models"] == ["motet-tiny", *(f"demo/{name}" for name in ADAPTERS)]
    tasks_run_due()
    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {demo['api_key']}")
    shown = anonymous.get("/v1/adapters").json()["data"]
    assert {a["model"] for a in shown} == set(demo["models"][1:])
    for adapter in shown:
        (version,) = adapter["versions"]
        assert version["state"] == "ready", version["error"]
        assert adapter["aliases"][0]["targets"] == [{"version": 1, "weight": 1}]
    owner = Account.objects.get(slug="demo").users.get()
    assert owner.email == demo["email"] and owner.check_password(demo["password"])


def test_again(var: Path) -> None:
    first = demo_seed()
    (var / "demo.json").write_text(json.dumps({**first, "base_url": "x"}))
    tasks_run_due()
    assert demo_seed() == first
    assert Version.objects.count() == len(ADAPTERS)
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"api_key": 3}', '{"api_key": "mot_live_x"}'])
def test_a_key_that_was_lost_or_revoked_is_replaced(kept: str, var: Path) -> None:
    first = demo_seed()
    if kept:
        (var / "demo.json").write_text(kept)
    again = demo_seed()
    assert again["api_key"] != first["api_key"]
    assert again["password"] != first["password"]
