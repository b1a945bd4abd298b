"""The operator's console: staff see every worker and account, and nobody else sees the page."""

from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest
from motet_platform.supervisor.testing import LivePlatform, until
from playwright.sync_api import Route, expect

from .browser import Person


@pytest.fixture
def staff(person: Callable[..., Person]) -> Person:
    one = person(reduced_motion="reduce")
    one.sign_in_as_staff()
    return one


def test_workers_as_a_picture(staff: Person, alice: openai.OpenAI) -> None:
    ask: Any = [{"role": "user", "content": "Hello"}]
    alice.chat.completions.create(model="demo/pirate", messages=ask, max_tokens=4)
    page = staff.page
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Operator").click()
    staff.see("Operator")
    staff.settled()
    slots = page.get_by_role("list", name="Adapter slots")
    expect(slots.get_by_role("listitem").filter(has_text="demo/pirate@1")).to_have_count(1)
    expect(page.get_by_text("tok/s").first).to_be_visible()  # a second look has made a rate
    spenders = page.get_by_role("group", name="Biggest spenders")
    expect(spenders.get_by_role("row").filter(has_text="demo")).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert staff.flaws() == []
    page.set_viewport_size({"width": 390, "height": 844})
    staff.go("/operator", "Operator")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def lose_the_answer(route: Route) -> None:
    route.fetch()
    route.abort()


def test_grant_suspend_resume(
    staff: Person,
    person: Callable[..., Person],
    new_client: Callable[[], openai.OpenAI],
    manage: Callable[..., httpx.Client],
) -> None:
    tenant = new_client()
    api = manage(tenant)
    slug = api.get("/account").json()["slug"]
    page = staff.page
    staff.go("/operator", "Operator")
    page.get_by_label("Find an account").fill(slug)
    page.get_by_label("Find an account").press("Enter")
    page.wait_for_url(f"**/operator?search={slug}")
    row = page.get_by_role("group", name="Accounts").get_by_role("row").filter(has_text=slug)
    expect(row).to_contain_text("$5.00")

    page.get_by_role("button", name=f"Grant {slug}", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Amount").fill("12.50")
    dialog.get_by_label("Reason").fill("for the outage")
    # The first answer is lost on its way, and it is asked for again.
    page.route("**/grant", lose_the_answer)
    dialog.get_by_role("button", name="Grant", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    page.unroute("**/grant")
    dialog.get_by_role("button", name="Grant", exact=True).click()
    by_hand = page.get_by_role("group", name="Credit by hand").get_by_role("row")
    asked = by_hand.filter(has_text=slug)
    expect(asked).to_have_count(1)
    expect(asked).to_contain_text("waiting")
    asked.get_by_role("button", name="Approve").click()
    panel = page.get_by_role("region", name="Credit by hand")
    expect(panel.get_by_role("alert")).to_contain_text("Somebody else")  # not by who asked
    expect(row).to_contain_text("$5.00")
    other = person()
    other.sign_in_as_staff("second.staff@example.com")
    other.go("/operator", "Operator")
    theirs = other.page.get_by_role("group", name="Credit by hand").get_by_role("row")
    theirs.filter(has_text=slug).get_by_role("button", name="Approve").click()
    expect(theirs.filter(has_text=slug)).to_contain_text("posted")
    page.reload()
    expect(asked).to_contain_text("second.staff@example.com")
    expect(row).to_contain_text("$17.50")
    assert api.get("/billing/balance").json()["available"] == "17.50"

    page.get_by_role("button", name=f"Suspend {slug}", exact=True).click()
    dialog.get_by_role("button", name="Suspend", exact=True).click()
    expect(row).to_contain_text("suspended")

    def refused() -> bool:
        try:
            tenant.models.list()
        except openai.PermissionDeniedError:
            return True
        return False

    until(refused, "the suspended account is refused", timeout=10)
    page.get_by_role("button", name=f"Resume {slug}", exact=True).click()
    dialog.get_by_role("button", name="Resume", exact=True).click()
    expect(row).to_contain_text("active")
    until(lambda: not refused(), "the resumed account is served", timeout=10)


def test_nobody_else_sees_it(fresh: Person, platform: LivePlatform) -> None:
    menu = fresh.page.get_by_role("navigation", name="Pages")
    expect(menu.get_by_role("link", name="Settings")).to_be_visible()
    expect(menu.get_by_role("link", name="Operator")).to_have_count(0)
    fresh.page.goto("/operator")
    fresh.see("Nothing is here")
    status = fresh.page.evaluate(
        """async () => {
          const csrf = document.cookie.match(/motet_csrf=([^;]+)/)[1];
          const headers = {"content-type": "application/json", "x-csrftoken": csrf};
          const made = await fetch("/auth/token", {method: "POST", headers, body: "{}"});
          const {token} = await made.json();
          const bearer = {authorization: `Bearer ${token}`};
          return (await fetch("/v1/operator/workers", {headers: bearer})).status;
        }"""
    )
    assert status == 403
