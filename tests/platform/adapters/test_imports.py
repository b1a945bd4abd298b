"""Versions whose files come from a hub or a bucket: asked for, fetched, told of, ended."""

import logging
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from motet_platform.adapters.imports.services import import_claim, import_release, imports_sweep
from motet_platform.adapters.models import Import, Version
from motet_platform.adapters.testing import HOSTILE, TINY_BASE, good
from motet_platform.audit.models import AuditEntry
from motet_platform.config import get_config

from ...hub import FILES, StandIn, status, unannounced
from .importing import SIGNED, TOKEN, URL, ask, fetch, of, shown, urls

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("importing")]


def test_it_works(alice: Any, hub: StandIn, work: Any, files_left: Any) -> None:
    files = good(rank=8)
    commit = hub.push("acme/lora", of(files))
    asked = ask(alice)
    assert asked.status_code == 202, asked.content
    assert (asked.json()["version"], asked.json()["state"]) == (1, "uploading")
    assert asked.json()["imported_from"] == {
        "kind": "hub", "host": "127.0.0.1", "repository": "acme/lora", "revision": "main",
        "subfolder": "", "commit": None, "received": 0, "total": None,
    }  # fmt: skip
    fetch()
    assert shown(alice)["state"] == "validating"
    work()
    ready = shown(alice)
    assert (ready["state"], ready["rank"]) == ("ready", 8)
    assert ready["size"] == len(files.config) + len(files.model)
    assert ready["imported_from"]["commit"] == commit
    assert len(files_left()) == 2
    assert alice.api.get("/v1/adapters").json()["data"][0]["versions"] == [ready]
    assert [path for _, path, _ in hub.asked] == [
        f"/acme/lora/resolve/main/{FILES[0]}",
        f"/acme/lora/resolve/{commit}/{FILES[1]}",
    ]
    assert import_claim() is None and imports_sweep() == 0


def test_the_same_bytes_have_the_same_identity(
    alice: Any, hub: StandIn, work: Any, upload: Any
) -> None:
    files = good()
    hub.push("acme/lora", of(files, "a folder/"), branch="refs/pr/1")
    ask(alice, revision="refs/pr/1", subfolder="a folder")
    fetch()
    work()
    imported = shown(alice)
    assert imported["state"] == "ready"
    again = upload(alice, files)
    assert (again.status_code, again.json()["version"]) == (200, 1)
    assert "/resolve/refs%2Fpr%2F1/a%20folder/" in hub.asked[0][1]


def test_a_revision_that_moves_between_the_files(alice: Any, hub: StandIn, work: Any) -> None:
    first = hub.push("acme/lora", of(good(seed=1)))
    hub.after_config = lambda: hub.push("acme/lora", of(good(seed=2, rank=8))) and None
    ask(alice)
    fetch()
    work()
    ready = shown(alice)
    assert (ready["state"], ready["rank"]) == ("ready", 4)
    assert ready["imported_from"]["commit"] == first != hub.repositories["acme/lora"].refs["main"]


def test_what_the_gate_refuses(alice: Any, hub: StandIn, work: Any, files_left: Any) -> None:
    hub.push("acme/lora", of(HOSTILE["NaN"][1](TINY_BASE)))
    ask(alice)
    fetch()
    work()
    assert shown(alice)["error"]["code"] == "weights_nan"
    assert files_left() == []


def test_from_a_bucket(
    alice: Any, hub: StandIn, work: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(get_config().__dict__, "import_private", True)
    hub.files = of(good())
    hub.faults = {FILES[1]: unannounced}
    asked = ask(alice, urls(hub))
    assert asked.status_code == 202, asked.content
    fetch()
    work()
    ready = shown(alice)
    assert ready["state"] == "ready"
    assert ready["imported_from"]["kind"] == "urls"
    assert ready["imported_from"]["received"] == ready["size"] == ready["imported_from"]["total"]
    assert all(path.endswith(SIGNED) for _, path, _ in hub.asked)


# ---- secrets ----


def test_secrets_are_sealed_until_the_end_and_never_told(
    alice: Any, hub: StandIn, work: Any, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # as settings.LOGGING has it
    monkeypatch.setitem(get_config().__dict__, "import_private", True)
    hub.by_cdn = True
    hub.push("acme/lora", of(good()), token=TOKEN)
    answers = [ask(alice, token=TOKEN).content, ask(alice, urls(hub)).content]

    def everything() -> str:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT string_agg(t::text, '') FROM (SELECT to_jsonb(i) FROM adapters_import i "
                "UNION ALL SELECT to_jsonb(o) FROM outbox_task o UNION ALL SELECT to_jsonb(v) "
                "FROM adapters_version v UNION ALL SELECT to_jsonb(a) FROM audit_auditentry a) t"
            )
            return str(cursor.fetchone()[0])

    before = everything()
    assert all(row.secret for row in Import.objects.all())
    fetch()  # from the hub
    hub.faults = {FILES[1]: status(403)}
    fetch()  # from the bucket
    work()
    assert [v["state"] for v in (shown(alice, 1), shown(alice, 2))] == ["ready", "rejected"]
    assert not Import.objects.exclude(secret="").exists()
    answers += [alice.api.get(f"{URL}/versions").content]
    told = b"".join(answers).decode() + before + everything() + caplog.text
    assert "version.import" in told and "acme/lora" in told
    for secret in (TOKEN, SIGNED, "s3cr3t"):
        assert secret not in told
    authorised = [(cdn, headers.get("authorization")) for cdn, _, headers in hub.asked]
    assert authorised[:4] == [(False, f"Bearer {TOKEN}"), (True, None)] * 2
    assert all(header is None for _, header in authorised[4:])


def test_a_key_that_was_changed(alice: Any, hub: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.push("acme/lora", of(good()), token=TOKEN)
    ask(alice, token=TOKEN)
    monkeypatch.setitem(get_config().__dict__, "secret_key", "another" * 6)
    fetch()
    assert shown(alice)["error"]["code"] == "import_interrupted"


def test_the_log_says_who_imported_from_where(alice: Any, hub: StandIn) -> None:
    ask(alice, revision="v1")
    line = AuditEntry.objects.get(action="version.import")
    assert (line.actor, line.target) == (alice.key.prefix, "support@1")
    assert line.after == {"host": "127.0.0.1", "repository": "acme/lora", "revision": "v1"}


# ---- limits ----


def test_scopes_and_what_is_switched_off(
    alice: Any, charlie: Any, hub: StandIn, error_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(alice.with_key(scopes=["adapters:read"])).status_code == 403
    assert (ask(charlie).status_code, error_of(ask(charlie))) == (404, "adapter_not_found")
    sources = {"object": "import_sources", "hub": hub.url, "urls": True}
    assert alice.api.get("/v1/import-sources").json() == sources
    monkeypatch.setitem(get_config().__dict__, "hub_url", "")
    monkeypatch.setitem(get_config().__dict__, "import_urls", False)
    assert alice.api.get("/v1/import-sources").json() == {**sources, "hub": None, "urls": False}
    off = ask(alice)
    assert (off.status_code, error_of(off)) == (501, "hub_off")
    off = ask(alice, urls(hub))
    assert (off.status_code, error_of(off)) == (501, "url_import_off")
    assert not Version.objects.exists()


def test_one_that_waits_while_its_source_is_switched_off(
    alice: Any, hub: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(get_config().__dict__, "import_private", True)
    ask(alice)
    ask(alice, urls(hub))
    monkeypatch.setitem(get_config().__dict__, "hub_url", "")
    monkeypatch.setitem(get_config().__dict__, "import_urls", False)
    fetch()
    fetch()
    codes = [shown(alice, number)["error"]["code"] for number in (1, 2)]
    assert (codes, hub.asked) == (["hub_off", "url_import_off"], [])


def test_a_suspended_account_imports_nothing(alice: Any, hub: StandIn, error_of: Any) -> None:
    hub.push("acme/lora", of(good()))
    ask(alice)
    type(alice.account).objects.update(suspended_at=timezone.now())
    assert import_claim() is None
    assert error_of(ask(alice)) == "account_suspended"


@pytest.mark.parametrize("fault", [None, unannounced])
def test_the_storage_quota(
    alice: Any, hub: StandIn, files_left: Any, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    monkeypatch.setitem(get_config().__dict__, "account_storage_bytes", 1000)
    hub.push("acme/lora", of(good()))
    hub.faults = {FILES[1]: fault} if fault else {}
    ask(alice)
    fetch()
    assert shown(alice)["error"]["code"] == "storage_quota_exceeded"
    assert files_left() == []


def test_one_account_does_not_take_all_the_room(alice: Any, charlie: Any) -> None:
    charlie.api.post("/v1/adapters", {"name": "support", "base_model": "tiny"}, format="json")
    for person in (alice, alice, alice, charlie):
        assert ask(person).status_code == 202
    claimed = [import_claim() for _ in range(4)]
    accounts = [row and row.account_id for row in claimed]
    assert accounts == [alice.account.pk, alice.account.pk, charlie.account.pk, None]
    assert claimed[0] is not None
    import_release(claimed[0])
    again = import_claim()
    assert again is not None and again.pk == claimed[0].pk


HTTPS = "https://a.example/"
NO_SOURCE: list[dict[str, Any]] = [
    {}, {"hub": {}}, {"hub": {"repository": "lora"}}, {"hub": {"repository": "../lora"}},
    {"hub": {"repository": "a/b/c"}}, {"hub": {"repository": "a/.."}},
    {"hub": {"repository": "a/b", "revision": ".."}},
    {"hub": {"repository": "a/b", "revision": ""}},
    {"hub": {"repository": "a/b", "subfolder": "../x"}},
    {"hub": {"repository": "a/b", "subfolder": "/x"}},
    {"hub": {"repository": "a/b", "subfolder": "x/./y"}},
    {"hub": {"repository": "a/b", "subfolder": "x/"}},
    {"hub": {"repository": "a/b", "token": "a b"}},
    {"hub": {"repository": "a/b", "token": "ключ"}},
    {"hub": {"repository": "a/b"}, "urls": {"adapter_config": HTTPS, "adapter_model": HTTPS}},
    {"urls": {"adapter_config": HTTPS}},
    {"urls": {"adapter_config": HTTPS, "adapter_model": "http://a.example/"}},
    {"urls": {"adapter_config": HTTPS, "adapter_model": "file:///etc/passwd"}},
    {"urls": {"adapter_config": HTTPS, "adapter_model": "https://["}},
    {"urls": {"adapter_config": "https://u:p@a.example/", "adapter_model": HTTPS}},
]  # fmt: skip


def test_what_is_no_source(alice: Any, error_of: Any) -> None:
    for body in NO_SOURCE:
        answer = alice.api.post(f"{URL}/import", body, format="json")
        assert answer.status_code == 400, body
        assert error_of(answer) in ("invalid_request", "import_host_refused")
    assert not Version.objects.exists()
