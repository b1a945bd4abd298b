"""Pictures of every page of a running platform: `make screenshots` beside `make up`.

Reads var/demo.json, writes <folder>/<page>-<scheme>-<screen>.png.
"""

import json
import os
import sys
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from .browser import chromium
from .pages import GUEST, INSIDE

SCREENS = {
    "desktop": {"viewport": {"width": 1280, "height": 860}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
TALLEST = 1400


def main(folder: Path) -> None:
    var = Path(os.environ.get("MOTET_VAR", "var"))
    demo = json.loads((var / "demo.json").read_text())
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            for screen, options in SCREENS.items():
                context = browser.new_context(
                    base_url=demo["dashboard_url"],
                    color_scheme=scheme,  # type: ignore[arg-type]
                    reduced_motion="reduce",
                    **options,  # type: ignore[arg-type]
                )
                page = context.new_page()
                for name, (path, heading) in GUEST.items():
                    _picture(page, path, heading, folder / f"{name}-{scheme}-{screen}.png")
                _sign_in(page, demo)
                for name, (path, heading) in INSIDE.items():
                    _picture(page, path, heading, folder / f"{name}-{scheme}-{screen}.png")
                context.close()
        browser.close()


def _sign_in(page: Page, demo: dict[str, str]) -> None:
    page.goto("/login")
    page.get_by_label("E-mail").fill(demo["email"])
    page.get_by_label("Password", exact=True).fill(demo["password"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()


def _picture(page: Page, path: str, heading: str, file: Path) -> None:
    page.goto(path)
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    expect(page.locator(".mantine-Skeleton-root")).to_have_count(0)
    if heading == "Playground":
        page.get_by_label("Prompt", exact=True).fill("Where is the harbour?")
        page.get_by_role("button", name="Send").click()
        voices = page.locator("[data-state=done]")
        expect(voices).to_have_count(3, timeout=60_000)
        expect(page.get_by_role("link", name="receipt")).to_have_count(3)
    page.wait_for_timeout(300)  # a chart draws itself after it has its data
    width = page.viewport_size["width"] if page.viewport_size else 1280
    height = page.evaluate("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": width, "height": min(height, TALLEST)}
    page.screenshot(path=file, full_page=True, clip=clip)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
