"""Settings are loud on a bad value, and derived ones follow from the others."""

import os
from pathlib import Path
from typing import Any

import pytest
from motet_platform.config import Config, ConfigError
from pydantic import ValidationError


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MOTET_")]:
        monkeypatch.delenv(name)


def test_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = Config()
    assert config.var == tmp_path / "var"
    assert config.store == f"file://{tmp_path}/var/store"
    assert config.public_url == "http://127.0.0.1:8000"
    with pytest.raises(ConfigError, match="MOTET_DATABASE_URL"):
        config.require_database_url()


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTET_WORKERS", "a:1, b:2,")
    monkeypatch.setenv("MOTET_STORE", "s3://bucket/prefix/")
    monkeypatch.setenv("MOTET_REDIS_URL", "")  # as a compose file leaves it
    config = Config()
    assert config.workers == ("a:1", "b:2")
    assert config.store == "s3://bucket/prefix"
    assert config.redis_url is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, "https://huggingface.co"),
        ("", ""),
        ("http://127.0.0.1:9000/hub/", "http://127.0.0.1:9000/hub"),
    ],
)
def test_an_empty_hub_is_none(
    given: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if given is not None:
        monkeypatch.setenv("MOTET_HUB_URL", given)
    assert Config().hub_url == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("PORT", "http"),
        ("WORKERS", "worker"),
        ("WORKERS", "worker:0"),
        ("DATABASE_URL", "mysql://x"),
        ("REDIS_URL", "memcached://x"),
        ("STORE", "/var/store"),
        ("STORE", "file://relative"),
        ("SIGNUP_CREDIT_USD", "-1"),
        ("MAX_RANK", "0"),
        ("DEBUG", "perhaps"),
        ("SIGNUP", "maybe"),
        ("SIGNUPS_PER_HOUR", "0"),
        ("SESSION_DAYS", "0"),
        ("TRUSTED_PROXIES", "-1"),
        ("SMTP_URL", "mail.example.com"),
        ("SMTP_URL", "smtp://user@mail.example.com"),
        ("MAIL_FROM", "Motet"),
        ("HUB_URL", "hub.example"),
        ("HUB_URL", "ftp://hub.example"),
        ("HUB_URL", "https://user:pw@hub.example"),
        ("HUB_URL", "https://hub.example:x"),
        ("IMPORT_TIMEOUT_S", "0"),
        ("GITHUB_CLIENT_ID", "without a secret"),
        ("GOOGLE_CLIENT_SECRET", "without an id"),
        ("PUBLIC_URL", "motet.example.com"),
        ("PUBLIC_URL", "https://motet.example.com/below"),
        ("STRIPE", "yes"),
        ("STRIPE", "live"),
    ],
)
def test_bad_values_are_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"MOTET_{name}", value)
    with pytest.raises(ValidationError):
        Config()


@pytest.mark.parametrize(
    "settings",
    [
        {"stripe": "sandbox", "host": "0.0.0.0"},
        {"stripe": "sandbox", "stripe_url": "http://10.0.0.1:1"},
        {"stripe": "live", "stripe_api_key": "sk_test_x"},
        {"stripe": "live", "stripe_webhook_secret": "whsec_x"},
        {"stripe": "live", "stripe_api_key": "pk_x", "stripe_webhook_secret": "whsec_x"},
        {
            "stripe": "live", "stripe_api_key": "sk_x", "stripe_webhook_secret": "whsec_x",
            "stripe_url": "http://127.0.0.1:1",
        },
    ],
)  # fmt: skip
def test_payments_start_with_all_they_need_or_not_at_all(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="MOTET_STRIPE"):
        Config(**settings)


def test_payments() -> None:
    assert Config(stripe="sandbox").stripe == "sandbox"
    live = Config(stripe="live", stripe_api_key="rk_live_x", stripe_webhook_secret="whsec_x")
    assert live.stripe == "live"


def test_the_kept_secret(tmp_path: Path) -> None:
    config = Config(var=tmp_path / "new")
    key = config.require_secret_key()
    assert len(key) >= 48
    assert Config(var=tmp_path / "new").require_secret_key() == key
    path = tmp_path / "new" / "secret.key"
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("cut")
    with pytest.raises(ConfigError, match="damaged"):
        config.require_secret_key()


def test_it_is_frozen() -> None:
    with pytest.raises(ValidationError):
        Config().port = 1
