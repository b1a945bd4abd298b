"""The form for large files: declared, sent in chunks, completed."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from motet_platform.adapters.models import UploadPart, Version
from motet_platform.adapters.testing import HOSTILE, TINY_BASE, Files, good
from motet_platform.adapters.validation import uploads_sweep

URL = "/v1/adapters/support/versions"


def declare(person: Any, files: Files, **wrong: Any) -> Any:
    person.api.post("/v1/adapters", {"name": "support", "base_model": "tiny"}, format="json")
    body = {
        "adapter_config": told(files.config),
        "adapter_model": {**told(files.model), **wrong},
    }
    return person.api.post(URL, body, format="json")


def told(data: bytes) -> dict[str, Any]:
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def send(person: Any, part: str, data: bytes, start: int, total: int, version: int = 1) -> Any:
    return person.api.put(
        f"{URL}/{version}/parts/adapter_{part}",
        data,
        content_type="application/octet-stream",
        HTTP_CONTENT_RANGE=f"bytes {start}-{start + len(data) - 1}/{total}",
    )


def send_all(person: Any, files: Files, size: int = 3000) -> None:
    for part, data in (("config", files.config), ("model", files.model)):
        for start in range(0, len(data), size):
            answer = send(person, part, data[start : start + size], start, len(data))
            assert answer.status_code == 200, answer.json()


@pytest.fixture(autouse=True)
def place(base: Any, store: Any) -> None:
    pass


def test_it_works(alice: Any, work: Any, files_left: Any) -> None:
    files = good(rank=8)
    declared = declare(alice, files)
    assert declared.status_code == 201
    assert declared.json()["state"] == "uploading"
    assert declared.json()["parts"] == [
        {"part": "adapter_config", "size": len(files.config), "received": 0},
        {"part": "adapter_model", "size": len(files.model), "received": 0},
    ]
    send_all(alice, files)
    done = alice.api.post(f"{URL}/1/complete")
    assert (done.status_code, done.json()["state"]) == (202, "validating")
    assert alice.api.post(f"{URL}/1/complete").status_code == 202
    work()
    shown = alice.api.get(f"{URL}/1").json()
    assert (shown["state"], shown["rank"], shown["parts"]) == ("ready", 8, [])
    assert len(files_left()) == 2
    # The same bytes by the other form have the same identity.
    assert shown["digest"] == Version.objects.get().digest


def test_going_on_after_a_lost_answer(alice: Any, work: Any, error_of: Any) -> None:
    files = good()
    declare(alice, files)
    size = len(files.model)
    send(alice, "model", files.model[:1000], 0, size)
    again = send(alice, "model", files.model[:1000], 0, size)
    assert (again.status_code, error_of(again)) == (400, "upload_offset_mismatch")
    assert again.headers["upload-offset"] == "1000"
    assert alice.api.get(f"{URL}/1").json()["parts"][1]["received"] == 1000
    assert send(alice, "model", files.model[1000:], 1000, size).status_code == 200
    assert send(alice, "config", files.config, 0, len(files.config)).status_code == 200
    alice.api.post(f"{URL}/1/complete")
    work()
    assert alice.api.get(f"{URL}/1").json()["state"] == "ready"


def test_other_bytes_than_declared(alice: Any, work: Any, files_left: Any) -> None:
    files = good(seed=1)
    declare(alice, files)
    send_all(alice, Files(files.config, good(seed=2).model))
    alice.api.post(f"{URL}/1/complete")
    work()
    assert alice.api.get(f"{URL}/1").json()["error"]["code"] == "upload_digest_mismatch"
    assert files_left() == []


def test_hostile_bytes_in_chunks(alice: Any, work: Any, files_left: Any) -> None:
    files = HOSTILE["pickle"][1](TINY_BASE)
    declare(alice, files)
    send_all(alice, files, size=7000)
    alice.api.post(f"{URL}/1/complete")
    work()
    assert alice.api.get(f"{URL}/1").json()["error"]["code"] == "weights_pickle"
    assert files_left() == []


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "upload_range_invalid"),
        ("bytes 0-9", "upload_range_invalid"),
        ("bytes 9-0/100", "upload_range_invalid"),
        ("bytes 0-100/100", "upload_range_invalid"),
        ("bytes */100", "upload_range_invalid"),
        ("bytes 0-8/100", "upload_range_mismatch"),
        ("bytes 0-9/100", "upload_size_mismatch"),
        ("bytes 10-19/SIZE", "upload_offset_mismatch"),
    ],
)
def test_ranges(header: str, code: str, alice: Any, error_of: Any, files_left: Any) -> None:
    files = good()
    declare(alice, files)
    answer = alice.api.put(
        f"{URL}/1/parts/adapter_model",
        b"0123456789",
        content_type="application/octet-stream",
        HTTP_CONTENT_RANGE=header.replace("SIZE", str(len(files.model))),
    )
    assert (answer.status_code, error_of(answer)) == (400, code)
    assert files_left() == []


def test_no_more_than_declared(alice: Any, error_of: Any) -> None:
    files = good()
    declare(alice, files)
    size = len(files.model)
    answer = send(alice, "model", files.model + b"x", 0, size + 1)
    assert error_of(answer) == "upload_size_mismatch"


def test_incomplete(alice: Any, error_of: Any) -> None:
    files = good()
    declare(alice, files)
    send(alice, "config", files.config, 0, len(files.config))
    answer = alice.api.post(f"{URL}/1/complete")
    assert (answer.status_code, error_of(answer)) == (400, "upload_incomplete")
    assert answer.json()["error"]["param"] == "adapter_model"


@pytest.mark.parametrize(
    "wrong", [{"size": 0}, {"size": -1}, {"sha256": "x"}, {"sha256": "A" * 64}, {"size": "many"}]
)
def test_declarations_that_are_refused(wrong: Any, alice: Any, error_of: Any) -> None:
    answer = declare(alice, good(), **wrong)
    assert answer.status_code == 400
    error_of(answer)
    assert not Version.objects.exists()


def test_too_large_before_a_byte_is_sent(alice: Any, error_of: Any) -> None:
    answer = declare(alice, good(), size=2**50)
    assert (answer.status_code, error_of(answer)) == (413, "upload_too_large")
    code, make = HOSTILE["config of 65 KiB"]
    answer = declare(alice, make(TINY_BASE))
    assert (answer.status_code, error_of(answer)) == (413, code)
    assert not Version.objects.exists()


def test_nothing_is_taken_after_completion(alice: Any, error_of: Any) -> None:
    files = good()
    declare(alice, files)
    send_all(alice, files)
    alice.api.post(f"{URL}/1/complete")
    answer = send(alice, "model", b"more", 0, len(files.model))
    assert (answer.status_code, error_of(answer)) == (404, "upload_not_found")


def test_a_multipart_version_takes_no_chunks(alice: Any, upload: Any, error_of: Any) -> None:
    upload(alice)
    answer = send(alice, "model", b"more", 0, 100)
    assert (answer.status_code, error_of(answer)) == (404, "upload_not_found")


def test_a_deleted_upload_leaves_nothing(alice: Any, work: Any, files_left: Any) -> None:
    files = good()
    declare(alice, files)
    send(alice, "model", files.model[:1000], 0, len(files.model))
    assert alice.api.delete(f"{URL}/1").status_code == 204
    work()
    assert files_left() == []


def test_abandoned_uploads_are_swept(alice: Any, files_left: Any) -> None:
    files = good()
    declare(alice, files)
    send(alice, "model", files.model[:1000], 0, len(files.model))
    long_ago = timezone.now() - timedelta(days=2)
    Version.objects.update(created_at=long_ago)
    assert uploads_sweep() == 0, "bytes came a moment ago"
    UploadPart.objects.update(updated_at=long_ago)
    assert uploads_sweep() == 1
    assert alice.api.get(f"{URL}/1").json()["error"]["code"] == "upload_abandoned"
    assert files_left() == []


def test_a_version_that_the_gate_never_answered_for_is_swept(
    alice: Any, upload: Any, files_left: Any
) -> None:
    upload(alice)
    Version.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert uploads_sweep() == 1
    assert alice.api.get(f"{URL}/1").json()["error"]["code"] == "validation_unavailable"
    assert files_left() == []
