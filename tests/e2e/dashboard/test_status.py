"""The status page, while there is an answer and when there is none any more."""

from playwright.sync_api import expect

from .browser import Person


def pass_time(one: Person) -> None:
    """As long as it takes to look anew, and to try that again."""
    for _ in range(5):
        one.page.clock.run_for(3_000)
        one.page.wait_for_timeout(100)


def test_no_answer_is_no_good_news(anna: Person) -> None:
    page = anna.page
    page.clock.install()  # between two looks, and between two tries of one, are seconds
    anna.go("/status", "Status")
    good = page.get_by_text("Everything serves")
    expect(good).to_be_visible()
    down = {"error": {"message": "Nothing serves here.", "code": "unavailable"}}
    page.route("**/v1/status", lambda route: route.fulfill(status=503, json=down))
    told = page.get_by_role("alert").filter(has_text="Nothing serves here.")
    pass_time(anna)
    expect(told).to_have_count(1)
    expect(good).to_have_count(0)
    expect(page.get_by_text("last looked at")).to_be_visible()
    expect(page.get_by_role("group", name="Workers")).to_contain_text("motet-tiny")
    assert anna.flaws() == []
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(good).to_be_visible()
    expect(told).to_have_count(0)
    anna.context.set_offline(True)
    pass_time(anna)
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(good).to_have_count(0)
