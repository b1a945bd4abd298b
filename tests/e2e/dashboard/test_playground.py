"""What is typed into the playground is what is asked, kept in the address, and shared."""

import pytest
from playwright.sync_api import Page, expect

from .browser import Person

NO_CLIPBOARD = "delete Navigator.prototype.clipboard"
CUNNING = [
    '{"a":1}',
    "[1,2]",
    "null",
    '"quoted"',
    "1e3",
    "true",
    "12345678901234567890",
    "a&b=c#d +\u00e9\nx",
]


# The browser does not tell a test the body of a request that was made as an object.
LISTEN = """(() => {
  const send = window.fetch;
  window.fetch = async (request, ...more) => {
    if (request.url?.endsWith("/chat/completions")) window.asked = await request.clone().json();
    return send(request, ...more);
  };
})()"""


def asked(page: Page) -> list[dict[str, str]]:
    """The messages that a press on Send asks the model with."""
    with page.expect_request("**/v1/chat/completions"):
        page.get_by_role("button", name="Send").click()
    messages: list[dict[str, str]] = page.evaluate("window.asked.messages")
    return messages


def test_a_system_prompt_is_edited_in_its_middle(anna: Person) -> None:
    page = anna.page
    page.add_init_script(LISTEN)
    anna.go("/playground?models=motet-tiny&max=4", "Playground")
    system = page.get_by_label("System prompt")
    system.fill("Be brief.")
    system.press("Home")
    page.keyboard.type("Always answer in French. ")  # as fast as it can
    expect(system).to_have_value("Always answer in French. Be brief.")
    page.get_by_label("Top p").press_sequentially("0.05")
    expect(page.get_by_label("Top p")).to_have_value("0.05")
    page.wait_for_url("**top_p=%220.05%22*")
    system.press("End")
    page.keyboard.type(" No emojis.")
    page.get_by_label("Prompt", exact=True).fill("Hello")
    first, second = asked(page)  # before the address has it
    assert first["content"] == "Always answer in French. Be brief. No emojis."
    assert second["content"] == "Hello"
    page.wait_for_url("**No+emojis*")
    page.reload()
    expect(system).to_have_value("Always answer in French. Be brief. No emojis.")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Playground").click()
    expect(system).to_have_value("")  # an address that was led to is followed


def test_a_long_system_prompt_stays_out_of_the_address(anna: Person) -> None:
    page = anna.page
    anna.go("/playground?models=motet-tiny&max=4", "Playground")
    page.get_by_label("System prompt").fill("Be brief. " * 5_000)
    page.get_by_label("Output tokens").fill("5")
    page.wait_for_url("**max=%225%22*")
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_text("Too long for it: the system prompt.")).to_be_visible()
    assert len(page.evaluate("navigator.clipboard.readText()")) < 300
    expect(page.get_by_label("System prompt")).to_have_value("Be brief. " * 5_000)
    page.reload()
    anna.see("Playground")
    expect(page.get_by_label("Output tokens")).to_have_value("5")


def test_a_link_brings_the_very_words(anna: Person) -> None:
    page = anna.page
    for system, text in zip(CUNNING[::2], CUNNING[1::2], strict=True):
        anna.go("/playground?models=motet-tiny", "Playground")
        page.get_by_label("System prompt").fill(system)
        page.get_by_label("Prompt", exact=True).fill(text)
        page.get_by_role("button", name="Share").click()
        expect(page.get_by_text("Link copied")).to_be_visible()
        page.goto(page.evaluate("navigator.clipboard.readText()"))
        expect(page.get_by_label("Prompt", exact=True)).to_have_value(text)
        expect(page.get_by_label("System prompt")).to_have_value(system)


@pytest.mark.parametrize(
    ("path", "heading", "button", "text"),
    [
        ("/playground?models=motet-tiny", "Playground", "Share", "/playground?models=motet-tiny"),
        ("/models/motet-tiny", "motet-tiny", "Copy the model's name", "motet-tiny"),
    ],
)
def test_without_a_clipboard_the_text_is_selected(
    anna: Person, path: str, heading: str, button: str, text: str
) -> None:
    """As by plain http at another host than this one."""
    page = anna.page
    page.add_init_script(NO_CLIPBOARD)
    anna.go(path, heading)
    for _ in range(2):  # the second time in place of the first
        page.get_by_role("button", name=button).click()
        field = page.get_by_label("the text is selected")
        expect(field).to_have_count(1)
        expect(field).to_be_focused()
        assert text in page.evaluate("getSelection().toString()")
    expect(page.get_by_text("Copied")).to_have_count(0)
    page.wait_for_timeout(400)  # half-shown text has half its contrast
    assert anna.flaws() == []
