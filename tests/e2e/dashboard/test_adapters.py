"""A real adapter goes up by its two files, is refused or serves, and is compared with its base."""

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
from motet_inference.tiny import ADAPTERS
from motet_platform.supervisor.testing import LivePlatform
from playwright.sync_api import Locator, Route, expect

from ...hub import FILES, StandIn, stalled
from .browser import Person
from .lived import adapter_files


def send(person: Person, name: str, files: list[Path]) -> None:
    page = person.page
    person.go("/adapters", "Adapters")
    page.get_by_role("button", name="Upload an adapter").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("The adapter's files").set_input_files(files)
    dialog.get_by_role("button", name="Upload", exact=True).click()


def test_upload_and_compare_with_the_base(fresh: Person) -> None:
    page = fresh.page
    send(fresh, "sailor", adapter_files("pirate"))
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("sailor@1 is ready")).to_be_visible()
    expect(dialog.get_by_text("q_proj, v_proj")).to_be_visible()
    dialog.get_by_role("link", name="Compare it with its base").click()
    fresh.see("Playground")
    base = page.get_by_role("region", name="motet-tiny")
    own = page.get_by_role("region", name="sailor")
    fresh.prompt("Where is the harbour?")
    for voice in (base, own):
        expect(voice.locator("[data-state=done]")).not_to_be_empty()
        for measure in ("tok/s", "First token", "Cost"):
            expect(voice.get_by_text(measure).first).to_be_attached()
    texts = [voice.locator("[data-state=done]").inner_text() for voice in (base, own)]
    assert texts[0] != texts[1]
    page.get_by_role("button", name="View code").click()
    code = page.get_by_label("The call in curl")
    expect(code).to_contain_text('"motet-tiny"')
    page.get_by_role("combobox", name="Model", exact=True).click()
    page.get_by_role("option", name="sailor").click()
    expect(code).to_contain_text('/sailor"')


def test_an_alias_leads_where_it_is_told(fresh: Person, base_url: str) -> None:
    page = fresh.page
    send(fresh, "sailor", adapter_files("pirate"))
    expect(page.get_by_role("dialog").get_by_text("sailor@1 is ready")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="/sailor").click()
    page.get_by_role("button", name="New version").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("The adapter's files").set_input_files(adapter_files("triage"))
    dialog.get_by_role("button", name="Upload", exact=True).click()
    expect(dialog.get_by_text("sailor@2 is ready")).to_be_visible()
    page.keyboard.press("Escape")
    model = page.get_by_role("heading", level=1).inner_text()
    aliases = page.get_by_role("group", name="Aliases").get_by_role("row")
    expect(aliases.filter(has_text="default")).to_contain_text("@2, the newest")

    page.get_by_role("button", name="New alias").click()
    dialog.get_by_label("Alias").fill("prod")
    dialog.get_by_role("combobox", name="Version").click()
    page.get_by_role("option", name="@1").first.click()
    dialog.get_by_role("button", name="Point it there").click()
    expect(aliases.filter(has_text=":prod")).to_contain_text("@1")

    client = openai.OpenAI(base_url=base_url, api_key=fresh.make_key("prod"), max_retries=0)
    ask: Any = [{"role": "user", "content": "Where is the harbour?"}]
    raw = client.chat.completions.with_raw_response.create(
        model=f"{model}:prod", messages=ask, max_tokens=4
    )
    fresh.go(f"/requests/{raw.headers['x-request-id']}", "Request")
    expect(page.get_by_role("main")).to_contain_text(f"{model}@1")

    fresh.go("/adapters/sailor", model)
    page.get_by_role("button", name="Point default elsewhere").click()
    dialog.get_by_role("combobox", name="And a second one").click()
    page.get_by_role("option", name="@1").last.click()
    dialog.get_by_label("Its share").fill("25")
    page.wait_for_timeout(400)  # half-shown text has half its contrast
    assert fresh.flaws() == []
    dialog.get_by_role("button", name="Point it there").click()
    expect(aliases.filter(has_text="default")).to_contain_text("@2 75 %, @1 25 %")
    page.get_by_role("button", name="Let default follow the newest version").click()
    expect(aliases.filter(has_text="default")).to_contain_text("@2, the newest")
    page.get_by_role("button", name="Delete prod").click()
    expect(aliases.filter(has_text=":prod")).to_have_count(0)


DROP = """async files => {
  const transfer = new DataTransfer();
  for (const [name, data] of files) {
    const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
    transfer.items.add(new File([bytes], name));
  }
  return transfer;
}"""


def test_dropped_files_and_their_progress(fresh: Person) -> None:
    page = fresh.page
    fresh.go("/adapters", "Adapters")
    page.get_by_role("button", name="Upload an adapter").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("dropped")
    files = [
        (name, base64.b64encode((ADAPTERS["sql"] / name).read_bytes()).decode()) for name in FILES
    ]
    zone = dialog.get_by_label("Choose adapter_config.json")
    zone.dispatch_event("drop", {"dataTransfer": page.evaluate_handle(DROP, files)})
    expect(dialog.get_by_text("adapter_model.safetensors, 1.4 MB")).to_be_visible()

    line = fresh.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 5, "downloadThroughput": -1, "uploadThroughput": 300_000}
    line.send("Network.emulateNetworkConditions", slow)
    dialog.get_by_role("button", name="Upload", exact=True).click()
    sent = dialog.get_by_text(re.compile(r"^[1-9]\d? % sent$"))
    expect(sent).to_be_visible()  # neither none nor all of it
    page.keyboard.press("Escape")
    expect(dialog.get_by_role("button", name="Close")).to_be_disabled()
    dialog.get_by_role("button", name="Stop").click()
    expect(dialog.get_by_role("progressbar")).to_have_count(0)
    line.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    dialog.get_by_role("button", name="Upload", exact=True).click()
    expect(dialog.get_by_text("dropped@1 is ready")).to_be_visible()
    for found in ("Rank", "32", "Parameters", "Digest", "gate_proj"):
        expect(dialog.get_by_text(found).first).to_be_visible()


def import_from(person: Person, name: str, repository: str, token: str = "") -> Locator:
    """The dialog, after it asked for an import."""
    person.go("/adapters", "Adapters")
    person.page.get_by_role("button", name="Upload an adapter").first.click()
    dialog = person.page.get_by_role("dialog")
    dialog.get_by_text("From a hub").click()
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Repository").fill(repository)
    dialog.get_by_label("Token", exact=True).fill(token)
    dialog.get_by_role("button", name="Import", exact=True).click()
    return dialog


def test_an_import_from_the_hub(fresh: Person, hub: StandIn) -> None:
    files = {name: (ADAPTERS["pirate"] / name).read_bytes() for name in FILES}
    commit = hub.push("sea/parrot", files, token="hf_secret")
    hub.faults = {FILES[1]: stalled}
    dialog = import_from(fresh, "parrot", "sea/parrot", "hf_secret")
    expect(dialog.get_by_text(re.compile(r"^[1-9].* of .* fetched$"))).to_be_visible()
    expect(dialog.get_by_label("Token", exact=True)).to_have_value("")
    fresh.page.wait_for_timeout(400)  # half-shown text has half its contrast
    assert fresh.flaws() == []
    dialog.get_by_role("button", name="Stop").click()
    expect(dialog.get_by_role("progressbar")).to_have_count(0)
    hub.faults.clear()

    dialog.get_by_role("button", name="Import", exact=True).click()
    refusal = dialog.get_by_role("alert")
    expect(refusal).to_contain_text("import_repository_not_found")
    expect(refusal).to_contain_text("give a token where it is private")
    dialog.get_by_label("Token", exact=True).fill("hf_secret")
    dialog.get_by_role("button", name="Import", exact=True).click()
    expect(dialog.get_by_text("parrot@3 is ready")).to_be_visible()
    expect(dialog.get_by_text(f"sea/parrot @ {commit[:12]}")).to_be_visible()

    # Where the operator has no hub there is no choice.
    fresh.page.route(
        "**/v1/import-sources",
        lambda route: route.fulfill(json={"object": "import_sources", "hub": None, "urls": True}),
    )
    fresh.go("/adapters", "Adapters")
    with fresh.page.expect_response("**/v1/import-sources"):
        fresh.page.get_by_role("button", name="Upload an adapter").first.click()
    expect(dialog.get_by_label("The adapter's files")).to_be_attached()
    expect(dialog.get_by_text("From a hub")).to_have_count(0)


def test_a_link_carries_the_question(
    anna: Person, person: Callable[..., Person], platform: LivePlatform
) -> None:
    anna.go(
        "/playground?models=motet-tiny%2Cdemo%2Fpirate&temperature=0&max=9&seed=0", "Playground"
    )
    anna.page.get_by_label("System prompt").fill("Be brief.")
    anna.page.get_by_label("Prompt", exact=True).fill("Where is the harbour?")
    anna.page.get_by_role("button", name="Share").click()
    expect(anna.page.get_by_text("Link copied")).to_be_visible()
    link = anna.page.evaluate("navigator.clipboard.readText()")

    colleague = person()
    colleague.sign_in(platform.demo["email"], platform.demo["password"])
    page = colleague.page
    page.goto(link)
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("Where is the harbour?")
    expect(page.get_by_label("System prompt")).to_have_value("Be brief.")
    expect(page.get_by_label("Temperature")).to_have_value("0")
    expect(page.get_by_label("Output tokens")).to_have_value("9")
    expect(page.get_by_label("Seed")).to_have_value("0")
    for name in ("motet-tiny", "demo/pirate"):
        expect(page.get_by_role("region", name=name)).to_be_visible()
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[data-state=done]")).to_have_count(2)


def test_a_refusal_names_the_tensor_and_the_remedy(fresh: Person, tmp_path: Path) -> None:
    source = ADAPTERS["pirate"]
    config = json.loads((source / FILES[0]).read_text()) | {"r": 4}
    (tmp_path / FILES[0]).write_text(json.dumps(config))
    send(fresh, "broken", [tmp_path / FILES[0], source / FILES[1]])
    refusal = fresh.page.get_by_role("dialog").get_by_role("alert")
    expect(refusal).to_contain_text("rank_mismatch")
    expect(refusal).to_contain_text("model.layers.0.self_attn")


def test_a_pickle_is_not_even_sent(fresh: Person, tmp_path: Path) -> None:
    (tmp_path / "adapter_model.bin").write_bytes(b"x")
    fresh.go("/adapters", "Adapters")
    fresh.page.get_by_role("button", name="Upload an adapter").first.click()
    dialog = fresh.page.get_by_role("dialog")
    dialog.get_by_label("The adapter's files").set_input_files(tmp_path / "adapter_model.bin")
    expect(dialog.get_by_text("safe_serialization=True")).to_be_visible()
    expect(dialog.get_by_role("button", name="Upload", exact=True)).to_be_disabled()


def test_stop_ends_streams_and_charges_what_came(anna: Person, platform: LivePlatform) -> None:
    page = anna.page
    page.set_viewport_size({"width": 1000, "height": 600})  # the answers outgrow it
    page.route("**/v1/chat/completions", _without_end)
    page.goto("/playground?models=motet-tiny%2Cdemo%2Fpirate")
    anna.see("Playground")
    button = page.get_by_role("button", name="Stop")
    ways: list[Callable[[], None]] = [button.click, lambda: page.keyboard.press("Escape")]
    for said, stop in enumerate(ways):
        anna.prompt("Tell me everything about the harbour, the sea, the ships and the orders.")
        expect(page.locator("[data-state=streaming]")).to_have_count(2)
        stop()
        expect(page.locator("[data-state=stopped]")).to_have_count(2 * (said + 1))
        expect(page.get_by_label("Prompt", exact=True)).to_be_focused()
    measures = page.get_by_label("Measures")
    expect(measures.get_by_text("receipt")).to_have_count(4)
    for shown in measures.all():
        request = (shown.get_by_role("link").get_attribute("href") or "").rpartition("/")[2]
        charged = platform.rows(
            "SELECT completion_tokens, finish_reason FROM metering_usagerecord"
            " WHERE request_id = %s",
            request,
        )
        assert len(charged) == 1
        tokens, reason = charged[0]
        assert tokens > 0
        assert reason not in ("stop", "length")
        expect(shown).to_contain_text(f", {tokens} out")


def _without_end(route: Route) -> None:
    """Ask the same of a voice that never comes to an end by itself."""
    asked = json.loads(route.request.post_data or "")
    route.continue_(post_data=json.dumps({**asked, "ignore_eos": True}))
