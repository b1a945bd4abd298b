"""One live platform for the whole folder, and the clients of Alice (the demo account) and others.

Real processes: `motet up` with its embedded PostgreSQL, gateway, tasks and CPU worker.
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from motet_platform.supervisor.testing import LivePlatform

from ..hub import StandIn, running

SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "MOTET_WORKER_THREADS": "1",
    "MOTET_SIGNUPS_PER_HOUR": "100",  # all from one address
    "MOTET_STRIPE": "sandbox",
    "MOTET_FOUR_EYES": "true",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def hub() -> Iterator[StandIn]:
    """The hub that the platform imports from."""
    with running() as stand_in:
        yield stand_in


@pytest.fixture(scope="session")
def platform(hub: StandIn) -> Iterator[LivePlatform]:
    # Not pytest's own folder: PostgreSQL's user must be able to pass through as well.
    folder = Path(tempfile.mkdtemp(prefix="motet-e2e-"))
    folder.chmod(0o711)
    live = LivePlatform(folder, {**SETTINGS, "MOTET_HUB_URL": hub.url})
    try:
        live.start()
        yield live
        status = live.stop()
        assert status == 0, live.words()
    finally:
        if live.process is not None:
            live.stop()
        if kept := os.environ.get("MOTET_TEST_LOGS"):
            shutil.copytree(live.var / "logs", kept, dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def base_url(platform: LivePlatform) -> str:
    return f"{platform.url}/v1"


@pytest.fixture(scope="session")
def alice(platform: LivePlatform) -> openai.OpenAI:
    """The demo account, by the plain client and what demo.json says."""
    demo = platform.demo
    return openai.OpenAI(base_url=demo["base_url"], api_key=demo["api_key"], max_retries=0)


@pytest.fixture(scope="session")
def new_client(platform: LivePlatform, base_url: str) -> Callable[[], openai.OpenAI]:
    """Makes another account, and its client."""
    numbers = itertools.count(1)

    def make() -> openai.OpenAI:
        key = platform.account_create(f"bob{next(numbers)}@example.com")
        return openai.OpenAI(base_url=base_url, api_key=key, max_retries=0)

    return make


@pytest.fixture(scope="session")
def bob(new_client: Callable[[], openai.OpenAI]) -> openai.OpenAI:
    return new_client()


@pytest.fixture(scope="session")
def manage(base_url: str) -> Callable[[openai.OpenAI], httpx.Client]:
    """The management API with the key of an inference client."""

    def make(client: openai.OpenAI) -> httpx.Client:
        headers = {"authorization": f"Bearer {client.api_key}"}
        return httpx.Client(base_url=base_url, headers=headers, timeout=30, trust_env=False)

    return make


@pytest.fixture(scope="session")
def adapters(alice: openai.OpenAI) -> dict[str, str]:
    """Shipped adapter's bare name -> its model id."""
    ids = [model.id for model in alice.models.list()]
    return {name.split("/")[1]: name for name in ids if "/" in name}


@pytest.fixture(scope="session")
def say() -> Callable[..., Any]:
    """One greedy answer from a model."""

    def ask(client: openai.OpenAI, model: str, text: str, **more: Any) -> Any:
        body: dict[str, Any] = {"temperature": 0, "max_tokens": 48, **more}
        messages: Any = [{"role": "user", "content": text}]
        return client.chat.completions.create(model=model, messages=messages, **body)

    return ask
