"""Two tabs of one person: each acts for the account that its header names, and for no other."""

import re

from playwright.sync_api import expect

from .browser import PASSWORD, Person


def test_a_tab_stays_with_its_account(fresh: Person) -> None:
    page = fresh.page
    account = re.compile("^Account .*: change$")
    first = page.get_by_role("button", name=account).inner_text()
    page.goto("/new-account")
    page.get_by_label("Name").fill("Second Tab")
    page.get_by_role("button", name="Create it").click()
    fresh.see("Overview")
    fresh.go("/settings", "Settings")

    other = fresh.context.new_page()
    other.goto("/")
    other.get_by_role("button", name=account).click()
    other.get_by_role("menuitem", name=first).click()
    expect(other.get_by_role("button", name=account)).to_contain_text(first)

    # A new password ends the first tab's token, and it asks for another one.
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password").fill(f"{PASSWORD} 2")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_text("The password is changed")).to_be_visible()
    page.get_by_role("link", name="API keys").click()
    page.get_by_role("button", name="New key").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("of the second tab")
    dialog.get_by_role("button", name="Create the key").click()
    dialog.get_by_role("region", name="The new key").wait_for()
    made = fresh.platform.rows(
        "SELECT a.name FROM keys_apikey k JOIN accounts_account a ON a.id = k.account_id"
        " WHERE k.name = 'of the second tab'"
    )
    assert [name for (name,) in made] == ["Second Tab"]
    dialog.get_by_role("button", name="I have copied it").click()
    expect(page.get_by_role("button", name=account)).to_contain_text("Second Tab")
