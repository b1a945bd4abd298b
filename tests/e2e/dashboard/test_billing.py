"""Credit is bought at the sandbox's page, and stands on the account when the person is back."""

import csv
import re
from decimal import Decimal

from playwright.sync_api import Route, expect

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
    cards = page.get_by_role("region", name="Cards", exact=True)
    expect(cards).to_contain_text("visa •••• 4242")
    expect(cards).to_contain_text("default")
    invoices = page.get_by_role("region", name="Invoices")
    expect(invoices.get_by_role("row")).to_have_count(2)
    expect(invoices).to_contain_text("$20.00")
    expect(invoices.get_by_role("link", name="PDF")).to_be_visible()
    assert fresh.flaws() == []


def test_more_top_ups(fresh: Person) -> None:
    page = fresh.page
    for _ in range(21):
        fresh.go("/billing", "Billing")
        page.get_by_role("button", name="Pay by card").click()
        expect(page.get_by_text("sandbox, not Stripe")).to_be_visible()
    fresh.go("/billing", "Billing")
    top_ups = page.get_by_role("region", name="Top-ups")
    expect(top_ups.get_by_role("row")).to_have_count(21)  # its head, and a page
    top_ups.get_by_role("button", name="More").click()
    expect(top_ups.get_by_role("row")).to_have_count(22)
    expect(top_ups.get_by_role("button", name="More")).to_have_count(0)


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


def test_a_bank_that_asks(fresh: Person) -> None:
    page = fresh.page
    fresh.go("/billing", "Billing")
    page.get_by_role("button", name="Pay by card").click()
    page.get_by_label("Test card").select_option("4000002760003184")
    page.get_by_role("button", name="Pay $25.00").click()
    page.get_by_role("button", name="Fail").click()
    expect(page.get_by_role("alert")).to_contain_text("Authentication failed")
    page.get_by_label("Test card").select_option("4000002760003184")
    page.get_by_role("button", name="Pay $25.00").click()
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url(re.compile(r"/billing\?payment="))
    expect(page.get_by_role("status")).to_contain_text("Paid: $25.00")


def test_a_months_statement_and_its_file(fresh: Person) -> None:
    page = fresh.page
    fresh.go("/billing", "Billing")
    statement = page.get_by_role("region", name="Statement")
    expect(statement).to_contain_text("Closing, so far")
    expect(statement).to_contain_text("$5.00")  # the credit of a new account came in
    expect(statement).to_contain_text("Nothing was charged")
    with page.expect_download() as saved:
        statement.get_by_role("button", name="CSV").click()
    assert saved.value.suggested_filename.startswith("statement-20")
    rows = list(csv.DictReader(saved.value.path().open()))
    assert [row["kind"] for row in rows] == ["opening", "grant"]
    assert sum(Decimal(row["amount"]) for row in rows) == 5
    statement.get_by_label("Month").select_option(index=1)
    expect(statement).not_to_contain_text("so far")
    assert fresh.flaws() == []


def test_a_spend_cap_and_its_alerts(fresh: Person) -> None:
    page = fresh.page
    fresh.go("/billing", "Billing")
    cap = page.get_by_role("region", name="Spend cap")
    cap.get_by_label("Spend cap").fill("25")
    cap.get_by_role("combobox", name="Starts anew").click()
    page.get_by_role("option", name="Every day").click()
    cap.get_by_role("button", name="Set the cap").click()
    expect(cap).to_contain_text("$0.00 of $25.00 today")
    expect(cap.get_by_role("button", name="Change the cap")).to_be_focused()

    alerts = page.get_by_role("region", name="Alerts")
    alerts.get_by_label("By webhook").fill("https://user@hooks.example.com/")
    alerts.get_by_role("button", name="Save the alerts").click()
    expect(alerts.get_by_role("alert")).to_contain_text("without user")
    alerts.get_by_label("By webhook").fill("https://hooks.example.com/motet")
    alerts.get_by_role("switch", name="By mail to owners").uncheck()
    alerts.get_by_role("button", name="Save the alerts").click()
    expect(alerts).to_contain_text("Signing secret")
    expect(alerts.get_by_role("button", name="Save the alerts")).to_be_focused()
    expect(alerts.get_by_role("button", name="Save the alerts")).to_be_disabled()
    assert fresh.flaws() == []

    fresh.go("/billing", "Billing")
    expect(cap).to_contain_text("$0.00 of $25.00 today")
    expect(alerts.get_by_label("By mail to owners")).not_to_be_checked()
    cap.get_by_role("button", name="Lift the cap").click()
    expect(cap.get_by_role("button", name="Set the cap")).to_be_visible()
    expect(cap.get_by_label("Spend cap")).to_be_focused()
    expect(cap.get_by_label("Spend cap")).to_have_value("")
    fresh.go("/team", "Team")
    audit = page.get_by_role("region", name="Audit log").last
    expect(audit).to_contain_text("billing.cap")
    expect(audit).to_contain_text("billing.alerts")


def test_automatic_top_up_needs_a_card(fresh: Person) -> None:
    page = fresh.page
    fresh.go("/billing", "Billing")
    rule = page.get_by_role("region", name="Automatic top-up")
    rule.get_by_role("switch").check()
    rule.get_by_role("button", name="Save the rule").click()
    expect(rule.get_by_role("alert")).to_contain_text("no saved card")

    page.get_by_label("Amount").fill("20")
    page.get_by_role("button", name="Pay by card").click()
    page.get_by_role("button", name="Pay $20.00").click()
    page.wait_for_url(re.compile(r"/billing\?payment="))
    expect(page.get_by_role("status")).to_contain_text("Paid: $20.00")
    rule.get_by_label("When less is left than").fill("7.50")
    rule.get_by_role("switch").check()
    rule.get_by_role("button", name="Save the rule").click()
    expect(page.get_by_text("The rule is saved.")).to_be_visible()
    expect(rule.get_by_role("button", name="Save the rule")).to_be_focused()

    spent = rule.get_by_text("$11.00 of")
    page.route("**/v1/billing/autotopup", lambda route: spending(route, "11.00"))
    rule.get_by_role("textbox", name="Top up by").fill("33")
    page.evaluate(LATER)  # it is asked anew
    expect(spent).to_be_visible()
    expect(rule.get_by_role("textbox", name="Top up by")).to_have_value(
        "$33.00"
    )  # what is typed stays
    expect(rule.get_by_role("textbox", name="Top up by")).to_be_focused()
    fresh.go("/billing", "Billing")
    expect(rule.get_by_role("switch")).to_be_checked()
    expect(rule.get_by_label("When less is left than")).to_have_value("$7.50")


# Somebody comes back to the page after a while.
LATER = """() => {
  const now = Date.now;
  Date.now = () => now() + 30_000;
  window.dispatchEvent(new Event("visibilitychange"));
}"""


def spending(route: Route, amount: str) -> None:
    """The rule as it is, but for what was bought by it."""
    answer = route.fetch()
    route.fulfill(response=answer, json=answer.json() | {"spent_this_month": amount})
