"""Two files in, a version out; and what a rejected one leaves behind: its reason, nothing else."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from motet_inference.rpc.digest import adapter_digest
from motet_platform.adapters.models import Alias, Version
from motet_platform.adapters.testing import HOSTILE, TINY_BASE, good

CASES = {code: case for case, (code, _) in HOSTILE.items()}  # one case for each code


def digest_of(files: Any) -> str:
    hashes = (hashlib.sha256(data).hexdigest() for data in (files.config, files.model))
    return adapter_digest(*hashes)


def test_it_works(alice: Any, upload: Any, work: Any, store: Path, files_left: Any) -> None:
    files = good(rank=8)
    sent = upload(alice, files)
    assert sent.status_code == 202, sent.json()
    body = sent.json()
    assert (body["version"], body["state"], body["model"]) == (1, "validating", "acme/support@1")
    assert body["digest"] == digest_of(files)
    assert body["rank"] is None and body["error"] is None
    assert work() == 1
    shown = alice.api.get("/v1/adapters/support/versions/1").json()
    assert (shown["state"], shown["rank"]) == ("ready", 8)
    assert shown["details"]["targets"] == ["q_proj", "v_proj"]
    version = Version.objects.get()
    assert version.uri == f"file://{store}/adapters/{digest_of(files)}"
    folder = Path(version.uri.removeprefix("file://"))
    assert (folder / "adapter_config.json").read_bytes() == files.config
    assert (folder / "adapter_model.safetensors").read_bytes() == files.model
    assert len(files_left()) == 2


def test_a_bare_name_follows_the_newest(alice: Any, ready: Any) -> None:
    for seed in (1, 2):
        number = ready(alice, seed=seed)["version"]
        assert number == seed
        adapter = alice.api.get("/v1/adapters/support").json()
        (alias,) = adapter["aliases"]
        assert alias["model"] == "acme/support:default"
        assert alias["targets"] == [{"version": number, "weight": 1}]
        assert alias["follows_newest"] is True
    assert [v["version"] for v in adapter["versions"]] == [2, 1]


def test_the_same_bytes_again_are_the_same_version(alice: Any, upload: Any, work: Any) -> None:
    first = upload(alice, good(seed=3))
    again = upload(alice, good(seed=3))
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == first.json()
    work()
    assert upload(alice, good(seed=3)).json()["state"] == "ready"
    assert Version.objects.count() == 1


@pytest.mark.parametrize("code", CASES)
def test_hostile(
    code: str, alice: Any, upload: Any, work: Any, files_left: Any, error_of: Any
) -> None:
    files = HOSTILE[CASES[code]][1](TINY_BASE)
    sent = upload(alice, files)
    if sent.status_code == 202:
        work()
        shown = alice.api.get("/v1/adapters/support/versions/1").json()
        assert shown["state"] == "rejected"
        found = shown["error"]["code"]
        version = Version.objects.get()
        assert (version.uri, version.rank) == ("", None)
    else:  # refused before it is a version
        assert sent.status_code in (400, 413)
        found = error_of(sent)
        assert not Version.objects.exists()
    assert found == code
    assert not Alias.objects.exists(), "a gateway could route to it"
    assert files_left() == []


def test_forty_codes_went_through_the_whole_path() -> None:
    assert len(CASES) >= 40


def test_a_rejected_upload_can_be_mended(alice: Any, upload: Any, work: Any) -> None:
    upload(alice, HOSTILE["NaN"][1](TINY_BASE))
    work()
    sent = upload(alice, good())
    assert (sent.status_code, sent.json()["version"]) == (202, 2)
    work()
    assert alice.api.get("/v1/adapters/support/versions/2").json()["state"] == "ready"
    assert alice.api.get("/v1/adapters/support/versions/1").json()["error"]["code"] == "weights_nan"


def test_the_gate_is_tried_again_when_it_fails_itself(
    alice: Any, upload: Any, work: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.utils import timezone
    from motet_platform.outbox.models import Task

    upload(alice)
    with monkeypatch.context() as patch:
        patch.setattr("motet_platform.adapters.gate.run.sys.executable", "/nonexistent")
        work()
    assert alice.api.get("/v1/adapters/support/versions/1").json()["state"] == "validating"
    assert "FileNotFoundError" in Task.objects.get().last_error
    Task.objects.update(available_at=timezone.now())
    work()
    assert alice.api.get("/v1/adapters/support/versions/1").json()["state"] == "ready"


def test_a_deletion_while_the_gate_works(
    alice: Any, upload: Any, work: Any, files_left: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deletion comes between the gate's verdict and the publication's end."""
    from motet_platform.adapters import validation
    from motet_platform.outbox.models import Task

    publish = validation.publish

    def publish_and_delete(*args: Any) -> str:
        uri = publish(*args)
        assert alice.api.delete("/v1/adapters/support/versions/1").status_code == 204
        return uri

    upload(alice)
    monkeypatch.setattr(validation, "publish", publish_and_delete)
    work()
    assert Version.objects.get().state == "deleted"
    assert not Alias.objects.exists()
    Task.objects.filter(done_at=None).update(available_at="2020-01-01T00:00Z")
    while work():
        pass
    assert files_left() == []


def test_too_many_uploads_under_way(
    alice: Any, upload: Any, error_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("motet_platform.adapters.services.MAX_UNFINISHED", 1)
    assert upload(alice, good(seed=1)).status_code == 202
    refused = upload(alice, good(seed=2))
    assert (refused.status_code, error_of(refused)) == (429, "too_many_uploads")
    assert int(refused.headers["retry-after"]) > 0


def test_storage_quota(
    alice: Any, charlie: Any, upload: Any, error_of: Any, files_left: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from motet_platform.config import get_config

    size = len(good().config) + len(good().model)
    monkeypatch.setitem(get_config().__dict__, "account_storage_bytes", size + 10)
    assert upload(alice, good(seed=1)).status_code == 202
    kept = files_left()
    refused = upload(alice, good(seed=2))
    assert (refused.status_code, error_of(refused)) == (400, "storage_quota_exceeded")
    assert files_left() == kept
    assert upload(charlie, good(seed=2)).status_code == 202
