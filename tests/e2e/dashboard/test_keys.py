"""A key is made, used, found in the usage with its receipt, and revoked."""

import re

import openai
import pytest
from motet_platform.supervisor.testing import LivePlatform, until
from playwright.sync_api import Page, Route, expect

from .browser import Person

ASK = [{"role": "user", "content": "Order 4711 arrived broken. Anna"}]


def test_create_use_find_revoke(fresh: Person, base_url: str) -> None:
    page = fresh.page
    secret = fresh.make_key("shop")
    assert secret not in page.content()

    client = openai.OpenAI(base_url=base_url, api_key=secret, max_retries=0)
    raw = client.chat.completions.with_raw_response.create(
        model="motet-tiny",
        messages=ASK,
        max_tokens=12,  # type: ignore[arg-type]
    )
    request_id, used = raw.headers["x-request-id"], raw.parse().usage
    assert used is not None

    fresh.go("/usage?range=24h", "Usage")
    requests = page.get_by_role("region", name="Requests")
    page.get_by_label("Key", exact=True).first.click()
    page.get_by_role("option", name="shop").click()
    page.wait_for_url("**/usage?*key=*")
    expect(requests.get_by_role("row")).to_have_count(2)  # its head, and the call
    expect(requests).to_contain_text(f"{used.prompt_tokens}, {used.completion_tokens}")
    requests.get_by_role("link").first.click()
    fresh.see("Request")
    expect(page.get_by_role("main")).to_contain_text(request_id)
    owed = (used.prompt_tokens * 100_000 + used.completion_tokens * 200_000) / 1e12
    receipt = page.get_by_role("region", name="Receipt", exact=True).last
    expect(receipt.get_by_role("row").last).to_contain_text(f"${owed:.12f}".rstrip("0"))

    fresh.go("/keys", "API keys")
    page.get_by_role("button", name="Revoke shop").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_role("group", name="API keys")).to_contain_text("revoked")

    until(lambda: refused(base_url, secret), "the revoked key is refused", timeout=10)


def test_rotate_and_cap(fresh: Person, base_url: str) -> None:
    page = fresh.page
    fresh.go("/keys", "API keys")
    page.get_by_role("button", name="New key").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("till")
    dialog.get_by_label("Spend cap").fill("3")
    dialog.get_by_role("combobox", name="Starts anew").click()
    page.get_by_role("option", name="Every week").click()
    dialog.get_by_role("button", name="Create the key").click()
    old = dialog.get_by_label("The new key").inner_text()
    dialog.get_by_role("button", name="I have copied it").click()
    table = page.get_by_role("group", name="API keys")
    expect(table).to_contain_text("$0.00 of $3.00 this week")

    page.get_by_role("button", name="Rotate till").click()
    dialog.get_by_role("button", name="Rotate", exact=True).click()
    new = dialog.get_by_label("The new key").inner_text()
    page.wait_for_timeout(400)  # half-shown text has half its contrast
    assert fresh.flaws() == []
    dialog.get_by_role("button", name="I have copied it").click()
    expect(table).to_contain_text(new[:15])
    assert new != old
    client = openai.OpenAI(base_url=base_url, api_key=new, max_retries=0)
    assert client.models.list().data
    until(lambda: refused(base_url, old), "the old secret is refused", timeout=10)

    page.get_by_role("button", name="Spend cap of till").click()
    dialog.get_by_label("Spend cap").fill("0")
    dialog.get_by_role("button", name="Change the cap").click()
    expect(table).to_contain_text("of $0.00 this week")
    with pytest.raises(openai.APIStatusError, match="spend cap of this key"):
        client.chat.completions.create(model="motet-tiny", messages=ASK, max_tokens=4)  # type: ignore[arg-type]
    page.get_by_role("button", name="Spend cap of till").click()
    dialog.get_by_role("button", name="Lift the cap").click()
    expect(table).not_to_contain_text("this week")
    client.chat.completions.create(model="motet-tiny", messages=ASK, max_tokens=4)  # type: ignore[arg-type]


def test_a_secret_under_way_is_not_lost(fresh: Person) -> None:
    """No way out of a dialog between the change and its answer, nor past the secret by accident."""
    page = fresh.page
    dialog = page.get_by_role("dialog")
    waiting: list[Route] = []

    def stay(secret: str) -> None:
        page.keyboard.press("Escape")
        page.mouse.click(5, 5)
        page.wait_for_timeout(300)  # a dialog that goes takes as long
        expect(dialog).to_be_visible()
        expect(dialog.get_by_role("button", name="Close")).to_have_count(0)
        expect(dialog.get_by_label("The new key")).to_contain_text(secret)

    page.route(re.compile("/v1/keys"), lambda route: held(route, waiting))
    fresh.go("/keys", "API keys")
    page.get_by_role("button", name="New key").first.click()
    dialog.get_by_label("Name").fill("till")
    dialog.get_by_role("button", name="Create the key").click()
    until_held(page, waiting)
    page.keyboard.press("Escape")
    page.mouse.click(5, 5)
    expect(dialog.get_by_role("button", name="Close")).to_have_count(0)
    waiting.pop().continue_()
    stay("mot_live_")
    old = dialog.get_by_label("The new key").inner_text()
    dialog.get_by_role("button", name="I have copied it").click()

    page.get_by_role("button", name="Rotate till").click()
    dialog.get_by_role("button", name="Rotate", exact=True).click()
    until_held(page, waiting)
    expect(dialog.get_by_role("button", name="Cancel")).to_be_disabled()
    expect(dialog.get_by_role("button", name="Close")).to_be_disabled()
    page.keyboard.press("Escape")
    page.mouse.click(5, 5)
    page.wait_for_timeout(300)
    waiting.pop().continue_()
    stay("mot_live_")
    assert dialog.get_by_label("The new key").inner_text() != old
    dialog.get_by_role("button", name="I have copied it").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Rotate till")).to_be_focused()


def held(route: Route, waiting: list[Route]) -> None:
    """A change waits until the test lets it go; a question does not."""
    if route.request.method == "GET":
        route.continue_()
    else:
        waiting.append(route)


def until_held(page: Page, waiting: list[Route]) -> None:
    while not waiting:
        page.wait_for_timeout(20)


def refused(base_url: str, secret: str) -> bool:
    client = openai.OpenAI(base_url=base_url, api_key=secret, max_retries=0)
    try:
        client.models.list()
    except openai.AuthenticationError:
        return True
    return False


def test_a_second_account_sees_nothing(
    anna: Person, fresh: Person, alice: openai.OpenAI, platform: LivePlatform
) -> None:
    raw = alice.chat.completions.with_raw_response.create(
        model="demo/pirate",
        messages=ASK,
        max_tokens=4,  # type: ignore[arg-type]
    )
    page = fresh.page
    fresh.go("/adapters", "Adapters")
    expect(page.get_by_text("No adapter yet")).to_be_visible()
    fresh.go("/adapters/pirate", "pirate")
    expect(page.get_by_role("alert")).to_contain_text("no such adapter")
    page.goto(f"/requests/{raw.headers['x-request-id']}")
    expect(page.get_by_role("alert")).to_contain_text("no receipt")
    fresh.go("/keys", "API keys")
    expect(page.get_by_text("No key yet")).to_be_visible()
    page.goto("/playground?models=demo%2Fpirate")
    fresh.prompt("Hello")
    expect(page.get_by_role("alert")).to_contain_text("does not exist")
    anna.page.goto(f"/requests/{raw.headers['x-request-id']}")
    expect(anna.page.get_by_role("heading", name="Receipt")).to_be_visible()


def test_usage_as_a_file(anna: Person, alice: openai.OpenAI) -> None:
    alice.chat.completions.create(model="demo/sql", messages=ASK, max_tokens=4)  # type: ignore[arg-type]
    anna.go("/usage?range=24h&by=model", "Usage")
    with anna.page.expect_download() as waiting:
        anna.page.get_by_role("button", name="CSV").click()
    lines = waiting.value.path().read_text().splitlines()
    assert lines[0].startswith("hour,model,requests,")
    assert any(",demo/sql," in line for line in lines[1:])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_scheme_is_kept(anna: Person, scheme: str) -> None:
    page = anna.page
    page.emulate_media(color_scheme="dark" if scheme == "light" else "light")
    page.reload()
    page.get_by_role("button", name=f"{scheme.capitalize()} colours").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == scheme
