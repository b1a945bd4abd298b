"""Second factors as people set them up: an authenticator app with recovery codes, and passkeys."""

import base64
import hmac
import struct
import time
from collections.abc import Callable

from motet_platform.supervisor.testing import LivePlatform
from playwright.sync_api import expect

from .browser import PASSWORD, Person


def one_time_code(secret: str, step: int = 0) -> str:
    """RFC 6238, by hand."""
    counter = struct.pack(">Q", int(time.time()) // 30 + step)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def it_is_me(person: Person) -> None:
    dialog = person.page.get_by_role("dialog", name="Is it you?")
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog).to_have_count(0)


def calm(person: Person) -> list[str]:
    person.page.wait_for_timeout(400)  # half-shown text has half its contrast
    return person.flaws()


def test_an_authenticator_app(person: Callable[..., Person]) -> None:
    email = "totp@example.com"
    one = person()
    page = one.page
    one.sign_up(email)
    one.see("Overview")
    one.go("/settings", "Settings")
    panel = page.get_by_role("region", name="Two-step sign-in")
    panel.get_by_role("button", name="Set up").click()
    dialog = page.get_by_role("dialog", name="Set up an authenticator app")
    expect(dialog.get_by_role("img", name="QR code")).to_be_visible()
    secret = dialog.locator("code").inner_text()
    assert calm(one) == []
    dialog.get_by_label("Code from the app").fill(one_time_code(secret, -1))
    dialog.get_by_role("button", name="Turn it on").click()
    it_is_me(one)
    codes = page.get_by_label("The recovery codes").inner_text().split()
    assert len(codes) == 10
    assert calm(one) == []
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)  # a dialog that goes takes as long
    page.get_by_role("button", name="I have kept them").click()
    expect(panel).to_contain_text("10 of 10")

    other = person()
    other.give_password(email)
    other.see("Second factor")
    other.page.get_by_label("Code").fill("000000")
    other.page.get_by_role("button", name="Go on").click()
    expect(other.page.get_by_role("alert")).to_contain_text("Incorrect code")
    assert calm(other) == []
    other.page.get_by_label("Code").fill(one_time_code(secret))
    other.page.get_by_role("button", name="Go on").click()
    other.see("Overview")
    third = person()
    third.give_password(email)
    third.page.get_by_label("Code").fill(codes[0])
    third.page.get_by_role("button", name="Go on").click()
    third.see("Overview")

    one.go("/settings", "Settings")
    expect(panel).to_contain_text("9 of 10")
    panel.get_by_role("button", name="Remove the app").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    expect(panel.get_by_role("button", name="Set up")).to_be_visible()
    fourth = person()
    fourth.sign_in(email)


def test_a_passkey(person: Callable[..., Person], platform: LivePlatform) -> None:
    email = "passkey@example.com"
    one = person(base_url=platform.url.replace("127.0.0.1", "localhost"))
    page = one.page
    cdp = one.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    one.sign_up(email)
    one.see("Overview")
    one.go("/settings", "Settings")
    panel = page.get_by_role("region", name="Passkeys").first
    panel.get_by_label("Name of the passkey").fill("laptop")
    panel.get_by_role("button", name="Add a passkey").click()
    it_is_me(one)
    expect(panel.get_by_role("row", name="laptop")).to_be_visible()
    assert calm(one) == []

    one.context.clear_cookies()
    page.goto("/login")
    page.get_by_role("button", name="Sign in with a passkey").click()
    one.see("Overview")
    one.context.clear_cookies()
    one.give_password(email)
    one.see("Second factor")
    assert calm(one) == []
    page.get_by_role("button", name="Use a passkey").click()
    one.see("Overview")

    one.go("/settings", "Settings")
    panel.get_by_role("button", name="Remove laptop").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    it_is_me(one)
    expect(panel).to_contain_text("No passkey yet")


def test_a_bare_address_says_why_there_are_no_passkeys(fresh: Person) -> None:
    fresh.go("/settings", "Settings")
    panel = fresh.page.get_by_role("region", name="Passkeys").first
    expect(panel).to_contain_text("not a bare address")
    expect(panel.get_by_role("button", name="Add a passkey")).to_have_count(0)
