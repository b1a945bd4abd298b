"""People at the dashboard of the folder's one live platform."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from motet_platform.supervisor.testing import LivePlatform
from playwright.sync_api import Browser, sync_playwright

from .browser import Person, chromium, require_built

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def chrome() -> Iterator[Browser]:
    path = chromium()
    require_built()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def person(chrome: Browser, platform: LivePlatform) -> Iterator[Callable[..., Person]]:
    """Makes people, not signed in; at the end, no page may have complained."""
    made: list[Person] = []

    def make(**options: Any) -> Person:
        made.append(Person(chrome, platform, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def anna(person: Callable[..., Person], platform: LivePlatform) -> Person:
    """Signed in as the demo account's owner."""
    one = person()
    one.sign_in(platform.demo["email"], platform.demo["password"])
    return one


@pytest.fixture
def fresh(person: Callable[..., Person]) -> Person:
    """Has just signed up."""
    one = person()
    one.sign_up(f"fresh{next(_numbers)}@example.com")
    one.see("Overview")
    return one
