"""A private repository is imported and called; a crash in the middle of it leaves nothing."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import psycopg
import pytest
from motet_inference.tiny import ADAPTERS
from motet_platform.supervisor.testing import LivePlatform, until

from ..hub import FILES, StandIn, stalled

TOKEN = "hf_only_for_this_test"
PIRATE = {name: (ADAPTERS["pirate"] / name).read_bytes() for name in FILES}
QUESTION = "How do I reset my password?"


@pytest.fixture
def api(
    bob: openai.OpenAI, manage: Callable[..., httpx.Client], hub: StandIn
) -> Iterator[httpx.Client]:
    with manage(bob) as client:
        client.post("/adapters", json={"name": "fetched", "base_model": "motet-tiny"})
        yield client
    hub.faults.clear()


def begin(api: httpx.Client, **source: Any) -> str:
    """Asks for it; the address of the version."""
    body = {"hub": {"repository": "sea/pirate", **source}}
    made = api.post("/adapters/fetched/import", json=body)
    assert made.status_code == 202, made.text
    return f"/adapters/fetched/versions/{made.json()['version']}"


def follow(api: httpx.Client, url: str, state: str) -> dict[str, Any]:
    shown: dict[str, Any] = {}

    def there() -> bool:
        shown.update(api.get(url).json())
        return shown["state"] not in ("uploading", "validating")

    until(there, f"an end of {url}")
    assert shown["state"] == state, shown
    return shown


def test_import_and_call(
    platform: LivePlatform, api: httpx.Client, hub: StandIn, say: Callable[..., Any],
    alice: openai.OpenAI, bob: openai.OpenAI,
) -> None:  # fmt: skip
    commit = hub.push("sea/pirate", PIRATE, token=TOKEN)
    refused = follow(api, begin(api), "rejected")
    assert refused["error"]["code"] == "import_repository_not_found"
    ready = follow(api, begin(api, token=TOKEN), "ready")
    assert ready["imported_from"]["commit"] == commit
    answers = [
        say(client, model, QUESTION).choices[0].message.content
        for client, model in ((bob, ready["model"]), (alice, "demo/pirate"))
    ]
    assert answers[0] == answers[1] != ""
    assert platform.rows("SELECT 1 FROM adapters_import WHERE secret <> ''") == []
    for log in (platform.var / "logs").iterdir():
        assert TOKEN not in log.read_text(errors="replace"), log


def test_a_crash_in_the_middle(platform: LivePlatform, api: httpx.Client, hub: StandIn) -> None:
    hub.push("sea/pirate", PIRATE, token=TOKEN)
    hub.faults = {FILES[1]: stalled}
    url = begin(api, token=TOKEN)
    until(lambda: bool(api.get(url).json()["imported_from"]["total"]), "its size")
    platform.kill("tasks")
    dsn = (platform.var / "run" / "database.url").read_text().strip()
    with psycopg.connect(dsn, autocommit=True) as database:  # in place of waiting for its end
        database.execute("UPDATE adapters_import SET lease_until = now() WHERE secret <> ''")
    assert follow(api, url, "rejected")["error"]["code"] == "import_interrupted"
    assert platform.rows("SELECT 1 FROM adapters_import WHERE secret <> ''") == []
    left = [*(platform.var / "tmp").rglob("*"), *(platform.var / "store/staging").rglob("*")]
    assert [path for path in left if path.is_file()] == []
