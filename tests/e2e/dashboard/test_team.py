"""A member with a role is refused what it may not do, by the page and by the API behind it."""

import re
from collections.abc import Callable

import openai
from motet_platform.supervisor.testing import until
from playwright.sync_api import expect

from .browser import Person, mail_to


def test_an_invited_viewer(fresh: Person, person: Callable[..., Person]) -> None:
    page = fresh.page
    fresh.go("/team", "Team")
    page.get_by_role("button", name="Invite", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("E-mail").fill("viewer@example.com")
    dialog.get_by_role("combobox", name="Role").click()
    page.get_by_role("option", name="viewer").click()
    dialog.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("region", name="Invitations").last).to_contain_text(
        "viewer@example.com"
    )
    link = re.search(r"/invitations/\S+", mail_to(fresh.platform, "viewer@example.com"))
    assert link is not None

    viewer = person()
    viewer.sign_up("viewer@example.com", start=f"/signup?next={link[0]}")
    viewer.see("Join an account")
    viewer.page.get_by_role("button", name="Accept the invitation").click()
    viewer.see("Overview")
    menu = viewer.page.get_by_role("navigation", name="Pages")
    expect(menu.get_by_role("link", name="Usage")).to_be_visible()
    expect(menu.get_by_role("link", name="API keys")).to_have_count(0)
    viewer.page.goto("/keys")
    expect(viewer.page.get_by_role("alert")).to_contain_text("Your role does not include this")
    viewer.go("/team", "Team")
    expect(viewer.page.get_by_role("button", name="Invite", exact=True)).to_have_count(0)

    fresh.go("/team", "Team")
    expect(page.get_by_role("region", name="Members").last).to_contain_text("viewer")
    expect(page.get_by_role("region", name="Audit log").last).to_contain_text("invitation")


def test_a_service_account_and_its_key(fresh: Person, base_url: str) -> None:
    page = fresh.page
    fresh.go("/team", "Team")
    page.get_by_role("region", name="Service accounts").last.get_by_role(
        "button", name="New"
    ).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("nightly")
    dialog.get_by_role("button", name="Create it").click()
    expect(page.get_by_role("group", name="Service accounts")).to_contain_text("nightly")

    fresh.go("/keys", "API keys")
    page.get_by_role("button", name="New key").first.click()
    dialog.get_by_label("Name").fill("evaluation")
    dialog.get_by_role("combobox", name="Whose").click()
    page.get_by_role("option", name="nightly").click()
    dialog.get_by_role("button", name="Create the key").click()
    secret = dialog.get_by_label("The new key").inner_text()
    dialog.get_by_role("button", name="I have copied it").click()
    row = page.get_by_role("group", name="API keys").get_by_role("row")
    expect(row.filter(has_text="evaluation")).to_contain_text("nightly")
    client = openai.OpenAI(base_url=base_url, api_key=secret, max_retries=0)
    assert client.models.list().data

    fresh.go("/team", "Team")
    log = page.get_by_role("group", name="Audit log").get_by_role("row")
    expect(log.filter(has_text="service_account.create")).to_contain_text("nightly")
    page.get_by_role("button", name="Delete nightly").click()
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("No service account")).to_be_visible()

    def refused() -> bool:
        try:
            client.models.list()
        except openai.AuthenticationError:
            return True
        return False

    until(refused, "the key of a deleted service account is refused", timeout=10)
