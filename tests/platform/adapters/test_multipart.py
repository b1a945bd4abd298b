"""The form of an upload: exactly two files, bounded, and nothing left of any other."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from motet_platform.adapters.models import Version
from motet_platform.adapters.testing import good

URL = "/v1/adapters/support/versions"
TYPE = "multipart/form-data; boundary=XX"


@pytest.fixture(autouse=True)
def adapter(alice: Any, base: Any, store: Path) -> None:
    body = {"name": "support", "base_model": "tiny"}
    assert alice.api.post("/v1/adapters", body, format="json").status_code == 201


def part(name: str, data: bytes = b"x", filename: str | None = "f") -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    head = f'--XX\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + data + b"\r\n"


def both(config: bytes = good().config, model: bytes = good().model) -> bytes:
    return part("adapter_config", config) + part("adapter_model", model)


END = b"--XX--\r\n"
MODEL = part("adapter_model")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (part("adapter_config") + END, "upload_part_missing"),
        (part("adapter_model") + END, "upload_part_missing"),
        (END, "upload_part_missing"),
        (both() + part("tokenizer") + END, "upload_part_unexpected"),
        (both() + part("chat_template", filename=None) + END, "upload_part_unexpected"),
        (both() + part("adapter_model") + END, "upload_part_duplicate"),
        (part("adapter_config", filename=None) + MODEL + END, "upload_part_not_a_file"),
        (part("adapter_config", filename="..") + MODEL + END, "upload_part_missing"),
        (both(config=b"{" + b" " * 70_000 + b"}") + END, "config_too_large"),
        (both(), "upload_incomplete"),
        (part("adapter_config") + part("adapter_model")[:-20], "upload_part_missing"),
        (b"no form at all", "upload_part_missing"),
        (b"", "upload_length_required"),
    ],
)  # fmt: skip
def test_forms_that_are_refused(
    body: bytes, code: str, alice: Any, error_of: Any, files_left: Any
) -> None:
    answer = alice.api.post(URL, body, content_type=TYPE)
    assert answer.status_code in (400, 413)
    assert error_of(answer) == code
    assert not Version.objects.exists()
    assert files_left() == []


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=\xff"])
def test_a_form_without_a_boundary(kind: str, alice: Any, error_of: Any) -> None:
    answer = alice.api.post(URL, both() + END, content_type=kind)
    assert answer.status_code == 400
    assert error_of(answer) == "upload_malformed"


def test_other_content_types(alice: Any, error_of: Any) -> None:
    answer = alice.api.post(URL, b"x", content_type="application/zip")
    assert (answer.status_code, error_of(answer)) == (400, "unsupported_media_type")


@pytest.mark.parametrize("filename", ["../../../etc/cron.d/x", "/etc/passwd", "a\x00b", "C:\\x"])
def test_names_of_the_client_are_never_used(
    filename: str, alice: Any, files_left: Any, work: Any
) -> None:
    body = part("adapter_config", good().config, filename) + part(
        "adapter_model", good().model, filename
    )
    assert alice.api.post(URL, body + END, content_type=TYPE).status_code == 202
    work()
    assert {Path(p).name for p in files_left()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
    }


@pytest.mark.parametrize("announced", [True, False])
def test_too_large(
    announced: bool, alice: Any, error_of: Any, files_left: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its announced length, before a byte is read, or by what arrives."""
    from motet_platform.config import get_config

    size = len(good().model) - 1 if not announced else 10
    monkeypatch.setitem(get_config().__dict__, "max_upload_bytes", size)
    model = good().model + (b"x" * 200_000 if announced else b"")
    answer = alice.api.post(URL, both(model=model) + END, content_type=TYPE)
    assert (answer.status_code, error_of(answer)) == (413, "upload_too_large")
    assert files_left() == []


def full_disk(*args: Any, **kwargs: Any) -> Any:
    return Path("/dev/full").open("w+b", buffering=0)


def test_scratch_disk_full(
    alice: Any, error_of: Any, files_left: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", full_disk)
    answer = alice.api.post(URL, both() + END, content_type=TYPE)
    assert (answer.status_code, error_of(answer)) == (507, "storage_full")
    assert not Version.objects.exists()
    assert files_left() == []


def test_store_full(
    alice: Any, error_of: Any, files_left: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second file does not fit any more: the first one is taken back too."""
    import shutil

    copied = []

    def copy(source: Any, target: Any, length: int) -> None:
        copied.append(source)
        if len(copied) == 2:
            full_disk().write(b"x")
        target.write(source.read())

    monkeypatch.setattr(shutil, "copyfileobj", copy)
    answer = alice.api.post(URL, both() + END, content_type=TYPE)
    assert (answer.status_code, error_of(answer)) == (507, "storage_full")
    assert not Version.objects.exists()
    assert files_left() == []
    monkeypatch.undo()
    # Others, and a second try, are not affected.
    assert alice.api.get(URL).json()["data"] == []


def test_nothing_is_read_for_an_adapter_that_is_not_there(
    charlie: Any, error_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("the body was parsed")

    monkeypatch.setattr("motet_platform.adapters.multipart.AdapterUploadParser.parse", refuse)
    answer = charlie.api.post(URL, both() + END, content_type=TYPE)
    assert (answer.status_code, error_of(answer)) == (404, "adapter_not_found")
