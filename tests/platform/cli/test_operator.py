"""Operators' commands, on the database."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from motet_billing.selectors import balance, price_at
from motet_platform.accounts.models import Account, User
from motet_platform.adapters.testing import TINY_BASE
from motet_platform.catalog.models import BaseModel
from motet_platform.keys.auth import key_authenticate

pytestmark = pytest.mark.django_db


def test_accounts_create(motet: Any) -> None:
    made = motet("accounts", "create", "--email", "eve@x.example", "--name", "Eve", "--json").json
    assert set(made) == {"account", "email", "api_key"}
    assert made["account"] == "eve"
    assert key_authenticate(made["api_key"]).account.slug == "eve"
    again = motet("accounts", "create", "--email", "eve@x.example", "--json", code=1)
    assert "has an account already" in again.stderr
    assert again.stdout == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--email", "nobody"], "valid email"),
        (["--email", "a@b.example", "--slug", "A"], "lower-case"),
        (["--email", "a@b.example", "--password", "123"], "too short"),
    ],
)
def test_accounts_create_refuses(words: list[str], message: str, motet: Any) -> None:
    result = motet("accounts", "create", *words, code=1)
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not Account.objects.exists()


def test_accounts_grant(motet: Any, alice: Any) -> None:
    for _ in range(2):
        granted = motet("accounts", "grant", "acme", "20", "--once", "may", "--json").json
    assert granted == {"account": "acme", "available": "25.00"}
    motet("accounts", "grant", "acme", "1.5")
    assert balance(alice.account.pk).available == 26_500_000_000_000
    assert "no account" in motet("accounts", "grant", "nobody", "1", code=1).stderr
    assert "decimal" in motet("accounts", "grant", "acme", "much", code=1).stderr


def test_accounts_ls_and_suspend(motet: Any, alice: Any) -> None:
    motet("accounts", "suspend", "acme")
    (row,) = motet("accounts", "ls", "--json").json
    assert row == {"account": "acme", "name": "Acme", "available": "5.00", "suspended": True}
    motet("accounts", "resume", "acme")
    assert alice.api.get("/v1/keys").status_code == 200


def test_models(motet: Any, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(TINY_BASE))
    add = ("models", "add", "tiny", "--path", str(tmp_path), "--price")
    assert motet(*add, "0.10,0.05,0.20", "--json").json["context"] == 256
    price = price_at("tiny")
    assert price and (price.input, price.cached_input, price.output) == (100_000, 50_000, 200_000)
    motet(*add, "0.1,0.05,0.3")
    (row,) = motet("models", "ls", "--json").json
    assert row["price"] == ["0.10", "0.05", "0.30"]
    assert BaseModel.objects.count() == 1


@pytest.mark.parametrize(
    "price", ["1", "1,2", "1,2,3,4", "a,b,c", "-1,1,1", "0.0000001,1,1", "nan,1,1"]
)
def test_prices_that_are_none(price: str, motet: Any, tmp_path: Path) -> None:
    motet("models", "add", "x", "--path", str(tmp_path), "--price", price, code=2)


@pytest.mark.parametrize("config", [None, "{", "[]", "{}", '{"model_type": "mamba"}'])
def test_models_that_are_not_served(config: str | None, motet: Any, tmp_path: Path) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    motet("models", "add", "x", "--path", str(tmp_path), "--price", "1,1,1", code=1)
    assert not BaseModel.objects.exists()


def test_admin_createuser(motet: Any, client: Any) -> None:
    words = ("admin", "createuser", "--email", "ops@here.example", "--password")
    motet(*words, "short", code=1)
    motet(*words, "correct horse battery")
    assert client.login(username="ops@here.example", password="correct horse battery")
    assert client.get("/admin/").status_code == 200
    motet(*words, "another long password")
    assert User.objects.get().check_password("another long password")


def test_the_module_is_the_command() -> None:
    def run(*words: str) -> str:
        command = [sys.executable, "-m", "motet_platform", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout

    assert "adapters" in run("--help")
    assert "makemigrations" in run("django", "help")


def test_a_bad_setting_is_one_line(tmp_path: Path) -> None:
    environment = {**os.environ, "MOTET_PORT": "x"}
    command = [sys.executable, "-m", "motet_platform", "accounts", "ls"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert done.stderr.startswith("motet: MOTET_PORT: ")
    assert done.stderr.count("\n") == 1


def test_without_a_database_it_says_what_to_set(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "MOTET_DATABASE_URL"}
    environment["MOTET_VAR"] = str(tmp_path)
    command = [sys.executable, "-m", "motet_platform", "accounts", "ls"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "MOTET_DATABASE_URL" in done.stderr
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "database.url").write_text("postgresql://nobody@127.0.0.1:9/none\n")
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (done.returncode, "does not answer" in done.stderr) == (1, True), done.stderr


def test_migrations_are_complete() -> None:
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
