"""Mail without a server: files that only their owner can read."""

import email
import email.policy
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection, send_mail

BACKEND = "motet_platform.accounts.mail.FolderBackend"


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.EMAIL_BACKEND = BACKEND
    settings.EMAIL_FILE_PATH = tmp_path / "var" / "mail"
    return tmp_path / "var" / "mail"


def test_it_works(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert send_mail("Grüße", "Your code: ABC-DEF\n", None, ["a@b.example"]) == 1
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    read = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert (read["subject"], read["to"]) == ("Grüße", "a@b.example")
    assert "ABC-DEF" in read.get_content()
    assert "a@b.example" in caplog.text and "ABC-DEF" not in caplog.text


def test_files_stand_in_the_order_of_the_mails(folder: Path) -> None:
    messages = [EmailMultiAlternatives(f"n{n}", "x", to=["a@b.example"]) for n in range(3)]
    assert get_connection(BACKEND).send_messages(messages) == 3
    subjects = [
        email.message_from_bytes(f.read_bytes())["subject"] for f in sorted(folder.iterdir())
    ]
    assert subjects == ["n0", "n1", "n2"]
