"""What production's variables become: cookies, mail, providers. Each in a process of its own, as
settings are read once."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

SHOW = """
import django, json
django.setup()
from django.conf import settings as s
from django.core.management import call_command
call_command("check", fail_level="WARNING")
names = [n for n in dir(s) if n.isupper()]
print(json.dumps({n: getattr(s, n) for n in names}, default=str))
"""


def settings(**variables: str) -> dict[str, Any]:
    env = {
        **os.environ,
        "MOTET_DATABASE_URL": "postgresql://nobody@localhost/none",
        **{f"MOTET_{name}": value for name, value in variables.items()},
    }
    done = subprocess.run(
        [sys.executable, "-c", SHOW], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    shown: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return shown


def test_https() -> None:
    shown = settings(PUBLIC_URL="https://motet.example.com", TRUSTED_PROXIES="1")
    assert shown["SESSION_COOKIE_NAME"] == "__Host-motet_session"
    assert shown["SESSION_COOKIE_SECURE"] and shown["CSRF_COOKIE_SECURE"]
    assert shown["SECURE_HSTS_SECONDS"] > 0
    assert shown["CSRF_TRUSTED_ORIGINS"] == ["https://motet.example.com"]
    assert shown["MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN"] is False
    assert shown["ALLAUTH_TRUSTED_PROXY_COUNT"] == 1
    reset = shown["HEADLESS_FRONTEND_URLS"]["account_reset_password_from_key"]
    assert reset == "https://motet.example.com/reset-password/{key}"


def test_plain_http() -> None:
    shown = settings(PUBLIC_URL="http://127.0.0.1:8000")
    assert shown["SESSION_COOKIE_NAME"] == "motet_session"
    assert not shown["SESSION_COOKIE_SECURE"]
    assert shown["EMAIL_BACKEND"].endswith("FolderBackend")
    assert shown["PROVIDER_ORIGINS"] == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://u%40x:p%2Fw@mail.example.com", ("mail.example.com", 587, True, False)),
        ("smtps://u%40x:p%2Fw@mail.example.com", ("mail.example.com", 465, False, True)),
        ("smtp://u%40x:p%2Fw@mail.example.com:2525", ("mail.example.com", 2525, True, False)),
    ],
)
def test_mail(url: str, expected: tuple[Any, ...]) -> None:
    shown = settings(SMTP_URL=url, MAIL_FROM="Acme <no-reply@acme.example>")
    names = ("EMAIL_HOST", "EMAIL_PORT", "EMAIL_USE_TLS", "EMAIL_USE_SSL")
    assert tuple(shown[name] for name in names) == expected
    assert (shown["EMAIL_HOST_USER"], shown["EMAIL_HOST_PASSWORD"]) == ("u@x", "p/w")
    assert shown["DEFAULT_FROM_EMAIL"] == "Acme <no-reply@acme.example>"


def test_providers() -> None:
    shown = settings(GITHUB_CLIENT_ID="gi", GITHUB_CLIENT_SECRET="gs")
    assert "allauth.socialaccount.providers.github" in shown["INSTALLED_APPS"]
    assert "allauth.socialaccount.providers.google" not in shown["INSTALLED_APPS"]
    (app,) = shown["SOCIALACCOUNT_PROVIDERS"]["github"]["APPS"]
    assert app == {"client_id": "gi", "secret": "gs"}
    assert shown["PROVIDER_ORIGINS"] == ["https://github.com"]


def test_several_gateways_count_together() -> None:
    shown = settings(REDIS_URL="redis://localhost:6379/0")
    assert shown["CACHES"]["default"]["BACKEND"].endswith("RedisCache")
