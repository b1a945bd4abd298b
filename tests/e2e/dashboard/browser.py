"""A real Chromium, and the manners of a person at the dashboard. No test lives here."""

import os
import re
import shutil
import time
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from motet_platform.supervisor.testing import LivePlatform, until
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

ROOT = Path(__file__).parents[3]
AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
BUILT = ROOT / "platform/motet_platform/dashboard/static/dashboard/index.html"
STAFF = "staff@example.com"
PASSWORD = "correct horse battery"
# Patience costs nothing where all is well, and two cores may be shared.
expect.set_options(timeout=15_000)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def chromium() -> str:
    """Path of a Chromium; without one, tests are skipped, and fail where CI is set."""
    named = os.environ.get("MOTET_CHROMIUM")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    for name in names:
        if found := shutil.which(name):
            return found
    return _missing("no Chromium here: install the package chromium, or set MOTET_CHROMIUM")


def require_built() -> None:
    if not BUILT.exists() or not AXE.exists():
        _missing("the dashboard is not built here: run `make dashboard-check`")


def _missing(what: str) -> str:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


class Person:
    """Somebody with a browser of their own."""

    def __init__(self, chrome: Browser, platform: LivePlatform, **options: Any) -> None:
        self.platform = platform
        always = {"base_url": platform.url, "permissions": ["clipboard-read", "clipboard-write"]}
        self.context: BrowserContext = chrome.new_context(**{**always, **options})
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.complaints: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        # A refusal that a page shows is logged by the browser as well: that is no complaint.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.complaints.append(message.text)

    def give_password(self, email: str, password: str = PASSWORD) -> None:
        """As far as the password leads; where a second factor is due, that is next."""
        self.page.goto("/login")
        self.give_password_here(email, password)

    def give_password_here(self, email: str, password: str = PASSWORD) -> None:
        """Where one was led to the sign-in."""
        self.see("Sign in")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        self.give_password(email, password)
        self.see("Overview")

    def sign_up(self, email: str, *, start: str = "/signup") -> None:
        self.page.goto(start)
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Create the account").click()
        self.see("Check your mail")
        code = re.search(r"^\s*([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", mail_to(self.platform, email), re.M)
        assert code is not None
        self.page.get_by_label("Code from the mail").fill(code[1])
        self.page.get_by_role("button", name="Go on").click()

    def sign_in_as_staff(self, email: str = STAFF) -> None:
        """As one of the staff of the installation, who is made if nobody is."""
        self.context.clear_cookies()
        if not self.platform.rows("SELECT 1 FROM accounts_user WHERE email = %s", email):
            self.sign_up(email)
            self.see("Overview")
            self.platform.motet("admin", "createuser", "--email", email, MOTET_PASSWORD=PASSWORD)
            self.context.clear_cookies()
        self.sign_in(email)

    def tab_to(self, target: Locator, *, most: int = 60) -> None:
        """By the Tab key alone, as somebody goes who has no mouse."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if target.count() and target.first.evaluate("e => e === document.activeElement"):
                return
        raise AssertionError(f"{target} is not reached by {most} times Tab")

    def see(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", name=heading, level=1)).to_be_visible()

    def go(self, path: str, heading: str) -> None:
        self.page.goto(path)
        self.see(heading)
        self.settled()

    def settled(self) -> None:
        """No bar stands any more for what is not known yet."""
        expect(self.page.locator(".mantine-Skeleton-root")).to_have_count(0)

    def flaws(self) -> list[str]:
        """What axe finds on the page as it is."""
        self.page.evaluate(AXE.read_text())  # not a script of the page: its policy forbids those
        found = self.page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", WCAG
        )
        return [
            f"{flaw['id']}: {node['html'][:160]}"
            for flaw in found["violations"]
            for node in flaw["nodes"]
        ]

    def make_key(self, name: str) -> str:
        """A new key's secret, with all else as the form proposes it."""
        self.go("/keys", "API keys")
        self.page.get_by_role("button", name="New key").first.click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("Name").fill(name)
        dialog.get_by_role("button", name="Create the key").click()
        secret = dialog.get_by_role("region", name="The new key").inner_text()
        dialog.get_by_role("button", name="I have copied it").click()
        expect(dialog).to_have_count(0)
        return secret

    def prompt(self, text: str) -> None:
        self.page.get_by_label("Prompt", exact=True).fill(text)
        self.page.get_by_role("button", name="Send").click()

    def close(self) -> None:
        self.context.close()
        assert not self.complaints, self.complaints


def mail_to(platform: LivePlatform, email: str) -> str:
    """The text of the newest mail to this address."""
    folder = platform.var / "mail"

    def found() -> list[str]:
        mails = [message_from_bytes(path.read_bytes(), policy=policy.default)
                 for path in sorted(folder.glob("*.eml"))]  # fmt: skip
        return [
            str(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
            for mail in mails
            if email in str(mail["to"])
        ]

    until(lambda: bool(found()), f"a mail to {email}", timeout=15)
    time.sleep(0.2)  # the newest may be in the making
    return found()[-1]
