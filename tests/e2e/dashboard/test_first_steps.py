"""From the sign-up to the first call and the first streamed answer."""

import re
from collections.abc import Callable

import openai
from motet_platform.supervisor.testing import LivePlatform
from playwright.sync_api import expect

from .browser import Person


def test_sign_up_key_call_answer(fresh: Person, base_url: str) -> None:
    page = fresh.page
    expect(page.get_by_text("$5.00").first).to_be_visible()
    page.get_by_role("link", name="First call").first.click()
    fresh.see("First call")
    page.get_by_role("button", name="Create a key").click()
    key = page.get_by_label("The new key").inner_text()
    assert key.startswith("mot_live_")
    assert key in page.get_by_label("The call in curl").inner_text()
    client = openai.OpenAI(base_url=base_url, api_key=key, max_retries=0)
    ask = [{"role": "user", "content": "Hello"}]
    client.chat.completions.create(model="motet-tiny", messages=ask, max_tokens=4)  # type: ignore[call-overload]
    expect(page.get_by_role("heading", name="It arrived")).to_be_visible()
    page.get_by_role("link", name="On to the playground").click()
    fresh.see("Playground")
    fresh.prompt("Hello!")
    voice = page.get_by_role("region", name="motet-tiny")
    expect(voice.locator("[data-state=done]")).not_to_be_empty()
    expect(voice.get_by_text("tok/s")).to_be_visible()
    expect(voice.get_by_role("link", name="receipt")).to_be_visible()


def test_a_wrong_password_is_told(person: Callable[..., Person]) -> None:
    one = person()
    one.page.goto("/keys")  # asked to sign in, then led where one wanted to go
    one.see("Sign in")
    one.page.get_by_label("E-mail").fill("nobody@example.com")
    one.page.get_by_label("Password", exact=True).fill("wrong password")
    one.page.get_by_role("button", name="Sign in").click()
    expect(one.page.get_by_role("alert")).to_contain_text("not correct")


def test_by_keyboard_alone(person: Callable[..., Person], platform: LivePlatform) -> None:
    """Signs in, makes a key, asks in the playground: without a mouse, without a jump."""
    demo = platform.demo
    one = person()
    page, keys = one.page, one.page.keyboard
    one.page.goto("/login?next=/models")
    one.see("Sign in")
    one.tab_to(page.get_by_label("E-mail"))
    keys.type(demo["email"])
    one.tab_to(page.get_by_label("Password", exact=True))
    keys.type(demo["password"])
    keys.press("Enter")
    one.see("Models")
    one.tab_to(page.get_by_role("link", name="Skip to the page"), most=1)
    one.tab_to(page.get_by_role("link", name="API keys"))
    keys.press("Enter")
    one.see("API keys")
    new = page.get_by_role("button", name="New key")
    one.tab_to(new)
    keys.press("Enter")
    expect(page.get_by_label("Name")).to_be_focused()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(new).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_label("Name")).to_be_focused()
    keys.type("by keyboard")
    one.tab_to(page.get_by_role("button", name="Create the key"))
    keys.press("Enter")
    expect(page.get_by_role("region", name="The new key")).to_be_visible()
    one.tab_to(page.get_by_role("button", name="I have copied it"))
    keys.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    revoke = page.get_by_role("button", name="Revoke by keyboard")
    one.tab_to(revoke)
    keys.press("Enter")
    one.tab_to(page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True))
    keys.press("Enter")
    expect(revoke).to_have_count(0)
    expect(page.get_by_role("group", name="API keys")).to_be_focused()

    page.goto("/playground?models=motet-tiny&max=8")
    one.see("Playground")
    one.tab_to(page.get_by_label("Prompt", exact=True))
    keys.type("Hello")
    keys.press("Enter")
    expect(page.locator("[data-state=done]")).not_to_be_empty()


def test_the_overview_is_live(fresh: Person, base_url: str) -> None:
    """A call is seen on a page that nobody has touched since."""
    page = fresh.page
    secret = fresh.make_key("live")
    fresh.go("/", "Overview")
    expect(page.get_by_text("No request yet")).to_be_visible()
    client = openai.OpenAI(base_url=base_url, api_key=secret, max_retries=0)
    ask = [{"role": "user", "content": "Hello"}]
    client.chat.completions.create(model="motet-tiny", messages=ask, max_tokens=4)  # type: ignore[call-overload]
    rows = page.get_by_role("group", name="Last requests").get_by_role("row")
    expect(rows.filter(has_text="motet-tiny")).to_have_count(1)
    figures = page.get_by_role("definition")
    expect(figures.filter(has_text=re.compile(r"^1$"))).to_have_count(1)


def test_pages_without_a_menu_have_ways_out(anna: Person) -> None:
    page = anna.page
    anna.go("/", "Overview")
    page.get_by_role("button", name="Account ").click()
    page.get_by_role("menuitem", name="New account").click()
    anna.see("Name the account")
    page.get_by_role("link", name="To the overview").click()
    anna.see("Overview")

    anna.go("/invitations/abc", "Join an account")
    page.get_by_role("button", name="Accept the invitation").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("link", name="To the overview")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    anna.give_password_here(anna.platform.demo["email"], anna.platform.demo["password"])
    anna.see("Join an account")  # for whoever was signed in as somebody else


def test_signing_out_ends_it(anna: Person) -> None:
    anna.page.get_by_role("button", name="You").click()
    anna.page.get_by_role("menuitem", name="Sign out").click()
    anna.see("Sign in")
    anna.page.goto("/keys")
    anna.see("Sign in")
