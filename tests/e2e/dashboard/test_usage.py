"""Usage narrowed down: in the page, in its address, in the file."""

from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest
from motet_platform.supervisor.testing import LivePlatform, until
from playwright.sync_api import expect

from .browser import Person

ASK: Any = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def called(alice: openai.OpenAI, manage: Callable[[openai.OpenAI], httpx.Client]) -> None:
    """Calls of the base, of an adapter by its name and by its version."""
    for model in ("motet-tiny", "demo/sql", "demo/sql@1", "demo/pirate"):
        alice.chat.completions.create(model=model, messages=ASK, max_tokens=4)
    api = manage(alice)

    def counted() -> bool:
        rows = api.get("/usage", params={"group_by": "model"}).json()["data"]
        return {"motet-tiny", "demo/sql", "demo/sql@1", "demo/pirate"} <= {
            row["model"] for row in rows
        }

    until(counted, "the calls are in the usage", timeout=20)


def test_an_adapter_with_all_its_versions(
    anna: Person, person: Callable[..., Person], platform: LivePlatform, called: None
) -> None:
    page = anna.page
    anna.go("/usage?range=24h&show=requests", "Usage")
    table = page.get_by_role("group", name="Usage by model")
    expect(table).to_contain_text("motet-tiny")
    page.get_by_role("combobox", name="Adapter").click()
    page.get_by_role("option", name="demo/sql", exact=True).click()
    page.wait_for_url("**adapter=demo%2Fsql*")
    expect(table).not_to_contain_text("motet-tiny")
    expect(table).not_to_contain_text("demo/pirate")
    expect(table.get_by_role("row")).to_have_count(3)  # its head, by name, by version
    requests = page.get_by_role("group", name="Requests", exact=True)
    expect(requests).to_contain_text("demo/sql@1")
    expect(requests).not_to_contain_text("demo/pirate")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV").click()
    models = {line.split(",")[1] for line in waiting.value.path().read_text().splitlines()[1:]}
    assert models == {"demo/sql", "demo/sql@1"}

    table.get_by_role("link", name="demo/sql@1").click()  # a row narrows down further
    page.wait_for_url("**model=demo%2Fsql%401*")
    expect(table.get_by_role("row")).to_have_count(2)
    other = person()  # who is given the address sees the same
    other.sign_in(platform.demo["email"], platform.demo["password"])
    other.go(page.url.removeprefix(platform.url), "Usage")
    expect(other.page.get_by_role("group", name="Usage by model").get_by_role("row")).to_have_count(
        2
    )
    expect(other.page.get_by_role("combobox", name="Adapter")).to_have_value("demo/sql")


def test_grouped_by_adapter_and_member(anna: Person, called: None) -> None:
    page = anna.page
    anna.go("/usage?range=24h&by=adapter", "Usage")
    table = page.get_by_role("group", name="Usage by adapter")
    expect(table).to_contain_text("base alone")
    expect(table.get_by_role("row").filter(has_text="demo/sql")).to_have_count(1)
    page.get_by_role("combobox", name="Grouped by").click()
    page.get_by_role("option", name="By member").click()
    expect(page.get_by_role("group", name="Usage by member")).to_contain_text("demo@example.com")
    anna.go("/usage?member=nobody%40example.com", "Usage")
    expect(page.get_by_text("Nothing was used in this time")).to_be_visible()


def test_an_axis_is_in_utc(
    person: Callable[..., Person], platform: LivePlatform, called: None
) -> None:
    """What the page says in words holds for its axis, wherever the browser is."""
    marks = []
    for zone in ("UTC", "Pacific/Auckland"):
        one = person(timezone_id=zone)
        one.sign_in(platform.demo["email"], platform.demo["password"])
        one.go("/usage?range=24h", "Usage")
        chart = one.page.get_by_role("figure", name="Cost by model for each hour")
        expect(chart.get_by_text("00", exact=False).first).to_be_attached()
        marks.append(
            chart.locator(".recharts-xAxis .recharts-cartesian-axis-tick").all_inner_texts()
        )
    assert marks[0] and marks[0] == marks[1]
