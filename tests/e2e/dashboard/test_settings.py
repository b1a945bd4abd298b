"""The account's own page: its name, how long requests are kept, sessions, accounts, the end."""

import re
from collections.abc import Callable

from motet_platform.supervisor.testing import LivePlatform, until
from playwright.sync_api import expect

from .browser import PASSWORD, Person, mail_to


def test_name_and_retention(fresh: Person) -> None:
    page = fresh.page
    fresh.go("/settings", "Settings")
    page.get_by_label("Name", exact=True).fill("Harbour Office")
    page.get_by_label("Keep single requests for").fill("45")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Account Harbour Office: change")).to_be_visible()
    page.reload()
    fresh.see("Settings")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Harbour Office")
    expect(page.get_by_label("Keep single requests for")).to_have_value("45 days")
    fresh.go("/team", "Team")
    log = page.get_by_role("group", name="Audit log").get_by_role("row")
    expect(log.filter(has_text="Harbour Office")).to_contain_text("account.update")


def test_another_session_is_ended(person: Callable[..., Person]) -> None:
    here, there = person(), person()
    here.sign_up("sessions@example.com")
    here.see("Overview")
    there.sign_in("sessions@example.com")
    here.go("/settings", "Settings")
    sessions = here.page.get_by_role("group", name="Sessions").get_by_role("row")
    expect(sessions).to_have_count(3)  # the head, and two
    sessions.get_by_role("button", name="End the session").click()
    expect(sessions).to_have_count(2)
    # There, nobody has loaded a page since: the next look tells, and the sign-in leads back.
    there.page.get_by_role("link", name="API keys").click()
    there.see("Sign in")
    there.page.get_by_label("E-mail").fill("sessions@example.com")
    there.page.get_by_label("Password", exact=True).fill(PASSWORD)
    there.page.get_by_role("button", name="Sign in", exact=True).click()
    there.see("API keys")
    expect(there.page.get_by_text("No key yet")).to_be_visible()


def test_what_was_typed_outlives_the_session(fresh: Person) -> None:
    page = fresh.page
    page.goto("/new-account")
    fresh.see("Name the account")
    page.get_by_label("Name").fill("Long thought about")
    fresh.context.clear_cookies()
    page.get_by_role("button", name="Create it").click()
    told = page.get_by_role("alert")
    expect(told).to_contain_text("Your session has ended")
    expect(told).not_to_contain_text("csrf")
    way = told.get_by_role("link", name="Sign in")
    expect(way).to_have_attribute("href", "/login?next=%2Fnew-account")
    expect(page.get_by_label("Name")).to_have_value("Long thought about")


def test_two_accounts_of_one_person(fresh: Person) -> None:
    page = fresh.page
    fresh.make_key("of the first")
    expect(page.get_by_role("group", name="API keys")).to_contain_text("of the first")
    switch = page.get_by_role("button", name=re.compile("^Account .*: change$"))
    first = switch.inner_text()
    switch.click()
    page.get_by_role("menuitem", name="New account").click()
    fresh.see("Name the account")
    page.get_by_label("Name").fill("Second House")
    page.get_by_role("button", name="Create it").click()
    fresh.see("Overview")
    expect(switch).to_contain_text("Second House")
    fresh.go("/keys", "API keys")
    expect(page.get_by_text("No key yet")).to_be_visible()
    page.get_by_role("link", name="Motet, overview").click()
    fresh.see("Overview")
    fresh.settled()
    # No answer about the other account comes now: nothing of this one may stand in its place.
    page.route("**/v1/**", lambda route: None)
    switch.click()
    page.get_by_role("menuitem", name=first).click()
    expect(switch).to_contain_text(first)
    expect(page.get_by_role("definition").filter(has_text="$")).to_have_count(0)
    page.unroute_all(behavior="ignoreErrors")
    page.reload()
    page.get_by_role("link", name="API keys").click()
    expect(page.get_by_role("group", name="API keys")).to_contain_text("of the first")


def test_the_account_ends(fresh: Person) -> None:
    page = fresh.page
    fresh.go("/settings", "Settings")
    page.get_by_role("button", name=re.compile("^Delete ")).click()
    dialog = page.get_by_role("dialog")
    sure = dialog.get_by_role("button", name="Delete for good")
    expect(sure).to_be_disabled()
    field = dialog.get_by_role("textbox")
    slug = re.search(r"account (\S+)\?", dialog.inner_text())
    assert slug is not None
    field.fill(slug[1])
    sure.click()
    fresh.see("Name the account")
    page.goto("/keys")
    fresh.see("Name the account")


def test_a_forgotten_password(person: Callable[..., Person], platform: LivePlatform) -> None:
    email, new = "forgot@example.com", "another horse battery"
    one = person()
    one.sign_up(email)
    one.see("Overview")
    other = person()
    page = other.page
    page.goto("/login")
    page.get_by_role("link", name="Forgot the password?").click()
    other.see("Reset the password")
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Send a link").click()
    expect(page.get_by_role("status")).to_contain_text("on its way")
    until(lambda: "/reset-password/" in mail_to(platform, email), "the mail", timeout=15)
    link = re.search(r"/reset-password/\S+", mail_to(platform, email))
    assert link is not None
    page.goto(link[0])
    other.see("Set a new password")
    page.get_by_label("New password").fill(new)
    page.get_by_role("button", name="Set the password").click()
    page.wait_for_url(lambda url: "reset-password" not in url)
    again = person()
    again.give_password(email, PASSWORD)
    expect(again.page.get_by_role("alert")).to_contain_text("not correct")
    again.sign_in(email, new)
    # The page of the session from before the reset finds out by itself.
    expect(one.page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=15_000)
