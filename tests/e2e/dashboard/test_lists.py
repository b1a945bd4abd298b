"""Long lists go on, and a base and an adapter's versions have their own figures."""

import openai
from motet_platform.supervisor.testing import until
from playwright.sync_api import expect

from .browser import Person

ASK = [{"role": "user", "content": "Hello"}]


def test_more_requests_and_ledger(fresh: Person, base_url: str) -> None:
    page = fresh.page
    secret = fresh.make_key("many")
    client = openai.OpenAI(base_url=base_url, api_key=secret, max_retries=0)
    for _ in range(52):
        client.chat.completions.create(model="motet-tiny", messages=ASK, max_tokens=1)  # type: ignore[arg-type]

    fresh.go("/usage?range=24h", "Usage")
    requests = page.get_by_role("group", name="Requests")
    expect(requests.get_by_role("row")).to_have_count(51)  # its head, and a page
    page.get_by_role("region", name="Requests").get_by_role("button", name="More").click()
    expect(requests.get_by_role("row")).to_have_count(53)
    expect(page.get_by_role("button", name="More")).to_have_count(0)

    def lines() -> int:
        fresh.go("/billing", "Billing")
        more = page.get_by_role("region", name="Ledger").get_by_role("button", name="More")
        if more.count():
            more.click()
            expect(more).to_have_count(0)
        return page.get_by_role("group", name="Ledger").get_by_role("row").count() - 1

    until(lambda: lines() == 53, "52 charges and the sign-up credit", timeout=20)
    assert fresh.flaws() == []


def test_a_base_and_its_adapters(anna: Person) -> None:
    page = anna.page
    anna.go("/models", "Models")
    page.get_by_role("link", name="motet-tiny", exact=True).click()
    anna.see("motet-tiny")
    expect(page.get_by_role("region", name="Properties")).to_contain_text("q_proj")
    expect(page.get_by_label("The call in curl")).to_contain_text('"motet-tiny"')
    page.get_by_role("group", name="Your adapters on it").get_by_role(
        "link", name="demo/sql"
    ).click()
    anna.see("demo/sql")
    anna.go("/models/none", "none")
    expect(page.get_by_text("No such base is served here")).to_be_visible()


def test_figures_of_a_version(anna: Person, alice: openai.OpenAI) -> None:
    alice.chat.completions.create(model="demo/sql", messages=ASK, max_tokens=3)  # type: ignore[arg-type]
    page = anna.page

    def counted() -> bool:
        anna.go("/adapters/sql", "demo/sql")
        row = page.get_by_role("group", name="Versions").get_by_role("row").nth(1)
        expect(row).to_contain_text("tokens")
        cells = row.get_by_role("cell").all_inner_texts()
        return int(cells[6].replace(",", "")) > 0 and cells[8] != "$0.00"

    until(counted, "the call is among the version's figures", timeout=20)
