"""Credit is bought at the sandbox's page, and stands on the account when the person is back."""

import re

from playwright.sync_api import expect

from .browser import Person


def test_top_up(fresh: Person) -> None:
    page = fresh.page
    fresh.go("/billing", "Billing")
    page.get_by_label("Amount").fill("20")
    page.get_by_role("button", name="Pay by card").click()
    expect(page.get_by_text("sandbox, not Stripe")).to_be_visible()
    page.get_by_role("button", name="Pay $20.00").click()

    page.wait_for_url(re.compile(r"/billing\?payment=[0-9a-f-]{36}$"))
    fresh.see("Billing")
    expect(page.get_by_role("status")).to_contain_text("Paid: $20.00")
    credit = page.get_by_role("region", name="Credit, in the order")
    expect(credit).to_contain_text("paid")
    expect(credit).to_contain_text("promotional")
    top_ups = page.get_by_role("region", name="Top-ups")
    expect(top_ups.get_by_role("row")).to_have_count(2)  # its head, and the payment
    expect(top_ups).to_contain_text("by hand")
    assert fresh.flaws() == []


def test_a_card_that_is_declined(fresh: Person) -> None:
    page = fresh.page
    fresh.go("/billing", "Billing")
    page.get_by_role("button", name="Pay by card").click()
    page.get_by_label("Test card").select_option("4000000000000002")
    page.get_by_role("button", name="Pay $25.00").click()
    expect(page.get_by_role("alert")).to_contain_text("declined")
    page.get_by_role("link", name="Back").click()
    fresh.see("Billing")
    expect(page.get_by_role("region", name="Top-ups")).to_contain_text("open")
    expect(page.get_by_role("region", name="Credit, in the order")).not_to_contain_text("paid")
