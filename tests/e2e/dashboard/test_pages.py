"""What holds of every page: axe finds nothing, a phone shows it whole, its policy is strict."""

from collections.abc import Callable

import httpx
import openai
import pytest
from motet_platform.supervisor.testing import LivePlatform
from playwright.sync_api import Browser

from .browser import Person
from .pages import GUEST, INSIDE

PHONE = {"width": 390, "height": 844}


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_axe_on_every_page(
    person: Callable[..., Person], platform: LivePlatform, alice: openai.OpenAI, scheme: str
) -> None:
    ask = [{"role": "user", "content": "Hello"}]
    alice.chat.completions.create(model="demo/pirate", messages=ask, max_tokens=4)  # type: ignore[call-overload]
    one = person(color_scheme=scheme, reduced_motion="reduce")
    flaws = {}
    for name, (path, heading) in GUEST.items():
        one.go(path, heading)
        flaws[name] = one.flaws()
    one.sign_in(platform.demo["email"], platform.demo["password"])
    for name, (path, heading) in INSIDE.items():
        one.go(path, heading)
        flaws[name] = one.flaws()
    assert {name: found for name, found in flaws.items() if found} == {}


@pytest.mark.parametrize(
    ("path", "heading", "button"),
    [
        ("/keys", "API keys", "New key"),
        ("/adapters", "Adapters", "Upload an adapter"),
        ("/team", "Team", "Invite"),
        ("/playground", "Playground", "View code"),
    ],
)
def test_axe_in_dialogs(anna: Person, path: str, heading: str, button: str) -> None:
    anna.page.emulate_media(reduced_motion="reduce")
    anna.go(path, heading)
    anna.page.get_by_role("button", name=button, exact=True).first.click()
    anna.page.get_by_role("dialog").wait_for()
    anna.page.wait_for_timeout(400)  # half-shown text has half its contrast
    assert anna.flaws() == []


def test_a_phone_shows_every_page_whole(
    person: Callable[..., Person], platform: LivePlatform
) -> None:
    one = person(viewport=PHONE, is_mobile=True, has_touch=True)
    one.sign_in(platform.demo["email"], platform.demo["password"])
    wide = {}
    for name, (path, heading) in INSIDE.items():
        one.go(path, heading)
        wide[name] = one.page.evaluate("document.documentElement.scrollWidth")
    assert {name: width for name, width in wide.items() if width > PHONE["width"]} == {}
    one.page.get_by_role("button", name="Open the menu").click()
    one.page.get_by_role("link", name="Usage").click()
    one.see("Usage")


def test_nothing_comes_from_elsewhere(
    anna: Person, chrome: Browser, platform: LivePlatform
) -> None:
    asked: list[str] = []
    anna.page.on("request", lambda request: asked.append(request.url))
    for path, heading in INSIDE.values():
        anna.go(path, heading)
    assert asked
    assert [url for url in asked if not url.startswith((platform.url, "data:", "blob:"))] == []


def test_files_are_small_and_kept(platform: LivePlatform) -> None:
    with httpx.Client(base_url=platform.url, trust_env=False) as client:
        page = client.get("/usage?range=7d")
        assert "'unsafe" not in page.headers["content-security-policy"]
        script = page.text.split('type="module" crossorigin src="')[1].split('"')[0]
        file = client.get(script, headers={"accept-encoding": "gzip"})
    assert file.status_code == 200
    assert file.headers["content-encoding"] == "gzip"
    assert "immutable" in file.headers["cache-control"]
    assert page.headers["cache-control"] == "no-store"
