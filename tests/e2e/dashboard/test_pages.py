"""What holds of every page: axe finds nothing, a phone shows it whole, its policy is strict."""

import re
from collections.abc import Callable, Iterator
from typing import Literal

import httpx
import openai
import pytest
from motet_platform.supervisor.testing import LivePlatform
from playwright.sync_api import expect

from .browser import ROOT, Person
from .pages import GUEST, INSIDE, STAFF

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PHONE = {"width": 390, "height": 844}
ROUTERS = [ROOT / "frontend/src" / name for name in ("router.tsx", "routes/guest.ts")]


@pytest.fixture(scope="module")
def request_id(alice: openai.OpenAI) -> str:
    ask = [{"role": "user", "content": "Hello"}]
    raw = alice.chat.completions.with_raw_response.create(
        model="demo/pirate",
        messages=ask,  # type: ignore[arg-type]
        max_tokens=4,
    )
    return str(raw.headers["x-request-id"])


def test_no_page_is_forgotten() -> None:
    routes = {
        route for file in ROUTERS for route in re.findall(r'path: "(/[^"]*)"', file.read_text())
    }
    assert len(routes) > 20
    known = [*GUEST.values(), *INSIDE.values(), *STAFF.values()]
    assert routes == {shown.route for shown in known} - {""}


def every_page(one: Person, platform: LivePlatform, request_id: str) -> Iterator[str]:
    """Goes from page to page, as a guest, as the demo account's owner, and as staff."""
    for name, shown in GUEST.items():
        one.go(shown.path(), shown.heading)
        yield name
    one.sign_in(platform.demo["email"], platform.demo["password"])
    for name, shown in INSIDE.items():
        one.go(shown.path(request_id), shown.heading)
        yield name
    one.sign_in_as_staff()
    for name, shown in STAFF.items():
        one.go(shown.path(), shown.heading)
        yield name


def flaws(one: Person) -> dict[str, list[str]]:
    """What axe finds on the page as it is, in each scheme."""
    found = {}
    for scheme in SCHEMES:
        one.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        expect(one.page.locator(f"html[data-mantine-color-scheme={scheme}]")).to_be_attached()
        if flawed := one.flaws():
            found[scheme] = flawed
    return found


def test_every_page_is_clean_to_axe_and_takes_nothing_from_elsewhere(
    person: Callable[..., Person], platform: LivePlatform, request_id: str
) -> None:
    one = person()
    asked: list[str] = []
    one.page.on("request", lambda request: asked.append(request.url))
    found = {name: flaws(one) for name in every_page(one, platform, request_id)}
    assert {name: flawed for name, flawed in found.items() if flawed} == {}
    assert asked
    assert [url for url in asked if not url.startswith((platform.url, "data:", "blob:"))] == []


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
    person: Callable[..., Person], platform: LivePlatform, request_id: str
) -> None:
    one = person(viewport=PHONE, is_mobile=True, has_touch=True)
    cut, found = {}, {}
    for name in every_page(one, platform, request_id):
        cut[name] = one.page.evaluate(OVERFLOW, PHONE["width"])
        found[name] = flaws(one)
    assert {name: over for name, over in cut.items() if over} == {}
    assert {name: flawed for name, flawed in found.items() if flawed} == {}
    one.page.get_by_role("button", name="Open the menu").click()
    one.page.get_by_role("link", name="Usage").click()
    one.see("Usage")


# What reaches past the edge. Program text may be scrolled, and `clip` says that a text is cut.
OVERFLOW = """width => {
  const meant = "pre, thead, input, [aria-hidden], .clip, .visually-hidden";
  const scrolls = e => e.scrollWidth > e.clientWidth + 1
    && getComputedStyle(e).overflowX !== "visible";
  return [...document.querySelectorAll("main *")]
    .filter(e => e.getClientRects().length > 0 && !e.closest(meant))
    .filter(e => scrolls(e) || e.getBoundingClientRect().right > width + 1)
    .map(e => e.outerHTML.slice(0, 160));
}"""


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
