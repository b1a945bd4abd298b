"""From the sign-up to the first call and the first streamed answer."""

from collections.abc import Callable

import openai
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


def test_by_keyboard_alone(person: Callable[..., Person], platform: object, anna: Person) -> None:
    demo = anna.platform.demo
    one = person()
    keys = one.page.keyboard
    one.page.goto("/login?next=/models")
    one.page.get_by_label("E-mail").focus()
    keys.type(demo["email"])
    keys.press("Tab")
    keys.type(demo["password"])
    keys.press("Enter")
    one.see("Models")
    one.page.evaluate("document.activeElement.blur()")
    keys.press("Tab")
    expect(one.page.get_by_text("Skip to the page")).to_be_focused()
    one.page.get_by_role("link", name="API keys").focus()
    keys.press("Enter")
    one.see("API keys")
    one.page.get_by_role("button", name="New key").focus()
    keys.press("Enter")
    expect(one.page.get_by_label("Name")).to_be_focused()
    keys.press("Escape")
    expect(one.page.get_by_role("dialog")).to_have_count(0)
    expect(one.page.get_by_role("button", name="New key")).to_be_focused()


def test_signing_out_ends_it(anna: Person) -> None:
    anna.page.get_by_role("button", name="You").click()
    anna.page.get_by_role("menuitem", name="Sign out").click()
    anna.see("Sign in")
    anna.page.goto("/keys")
    anna.see("Sign in")
