"""Pictures of every page, light and dark, desktop and phone: `make screenshots`.

Starts a platform of its own, fills an account, writes <folder>/<page>-<scheme>-<screen>.png.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from motet_platform.supervisor.testing import LivePlatform
from playwright.sync_api import Browser, expect, sync_playwright

from .browser import PASSWORD, Person, chromium, require_built
from .lived import adapter_files, live_in
from .pages import GUEST, INSIDE, STAFF, Shown

SCREENS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 860}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
SCHEMES = ("light", "dark")
# What a page shows before it has its content, and dialogs, are taken in these two alone.
STATES = [("light", "desktop"), ("dark", "phone")]
TALLEST = 2000
STAFF_EMAIL = "staff@example.com"
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "MOTET_WORKER_THREADS": "1",
    "MOTET_STRIPE": "sandbox",
    "MOTET_FOUR_EYES": "true",
    "MOTET_SIGNUPS_PER_HOUR": "100",
}


class Camera:
    """One person in one scheme on one screen, whose pages are taken."""

    def __init__(self, person: Person, folder: Path, ending: str) -> None:
        self.person = person
        self.folder = folder
        self.ending = ending

    def go(self, name: str, shown: Shown, request_id: str = "") -> None:
        self.person.go(shown.path(request_id), shown.heading)
        if shown.route == "/playground":
            self._compare()
        self.take(name)

    def take(self, name: str) -> None:
        """The page in a window as tall as it is, so that what is fixed lies where it belongs."""
        page = self.person.page
        size = page.viewport_size
        assert size is not None
        page.mouse.move(0, 0)
        page.evaluate("scrollTo(0, 0)")
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({**size, "height": max(size["height"], min(height, TALLEST))})
        page.wait_for_timeout(400)  # a chart draws itself after it has its data
        page.screenshot(path=self.folder / f"{name}-{self.ending}.png")
        page.set_viewport_size(size)

    def _compare(self) -> None:
        page = self.person.page
        self.person.prompt("Where is the harbour?")
        expect(page.locator("[data-state=done]")).to_have_count(3, timeout=60_000)
        expect(page.get_by_role("link", name="receipt")).to_have_count(3)


def main(folder: Path) -> None:
    require_built()
    folder.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="motet-pictures-"))
    home.chmod(0o711)  # PostgreSQL's user passes through
    platform = LivePlatform(home, SETTINGS)
    platform.start()
    try:
        with sync_playwright() as playwright:
            chrome = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            _all(chrome, platform, folder)
            chrome.close()
    finally:
        platform.stop()
        shutil.rmtree(home, ignore_errors=True)


def _all(chrome: Browser, platform: LivePlatform, folder: Path) -> None:
    request_id = live_in(platform)
    _top_up(Person(chrome, platform), platform)
    _staff(Person(chrome, platform), platform)
    for scheme in SCHEMES:
        for screen, options in SCREENS.items():

            def camera(**how: Any) -> Camera:
                person = Person(chrome, platform, **how)
                return Camera(person, folder, f"{scheme}-{screen}")  # noqa: B023

            how = {"color_scheme": scheme, "reduced_motion": "reduce", **options}
            _pages(camera(**how), platform, request_id)
            _operator(camera(**how))
            if (scheme, screen) in STATES:
                _newcomer(camera(**how), f"{scheme}.{screen}@example.com")


def _pages(camera: Camera, platform: LivePlatform, request_id: str) -> None:
    person = camera.person
    for name, shown in GUEST.items():
        camera.go(name, shown)
    person.sign_in(platform.demo["email"], platform.demo["password"])
    for name, shown in INSIDE.items():
        camera.go(name, shown, request_id)
    person.go("/adapters/draft", "demo/draft")
    camera.take("adapter-refused")
    person.close()


def _operator(camera: Camera) -> None:
    camera.person.sign_in(STAFF_EMAIL)
    for name, shown in STAFF.items():
        camera.go(name, shown)
    camera.person.close()


def _newcomer(camera: Camera, email: str) -> None:
    """What an account shows before there is anything in it, and its first steps."""
    person, page = camera.person, camera.person.page
    person.sign_up(email)
    person.see("Overview")
    for name in ("overview", "adapters", "keys", "usage"):
        camera.go(f"{name}-empty", INSIDE[name])
    person.go("/start", "First call")
    page.get_by_role("button", name="Create a key").click()
    expect(page.get_by_label("The call in curl")).to_be_visible()
    camera.take("start-key")
    person.go("/adapters", "Adapters")
    page.get_by_role("button", name="Upload an adapter").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("sailor")
    dialog.get_by_label("The adapter's files").set_input_files(adapter_files("pirate"))
    dialog.get_by_role("button", name="Upload", exact=True).click()
    expect(dialog.get_by_text("sailor@1 is ready")).to_be_visible()
    camera.take("upload")
    person.go("/keys", "API keys")
    page.get_by_role("button", name="New key").first.click()
    dialog.get_by_label("Name").fill("shop")
    camera.take("new-key")
    person.close()


def _top_up(person: Person, platform: LivePlatform) -> None:
    person.sign_in(platform.demo["email"], platform.demo["password"])
    person.go("/billing", "Billing")
    person.page.get_by_role("button", name="Pay by card").click()
    person.page.get_by_role("button", name="Pay $25.00").click()
    expect(person.page.get_by_role("status")).to_contain_text("Paid: $25.00")
    person.close()


def _staff(person: Person, platform: LivePlatform) -> None:
    """One of the staff, who has asked for a grant."""
    person.sign_up(STAFF_EMAIL)
    person.see("Overview")
    platform.motet("admin", "createuser", "--email", STAFF_EMAIL, MOTET_PASSWORD=PASSWORD)
    person.context.clear_cookies()
    person.sign_in(STAFF_EMAIL)
    person.go("/operator", "Operator")
    person.page.get_by_role("button", name="Grant demo", exact=True).click()
    dialog = person.page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("for the outage of Tuesday")
    dialog.get_by_role("button", name="Grant", exact=True).click()
    expect(person.page.get_by_role("group", name="Credit by hand")).to_contain_text("waiting")
    person.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
