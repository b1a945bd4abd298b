"""A browser at the dashboard's addresses: cookies, and the CSRF token sent back as a header."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

PASSWORD = "correct horse battery"
ALLAUTH = "/_allauth/browser/v1"


class Browser:
    """Checks CSRF, as the real thing would be checked."""

    def __init__(self) -> None:
        from django.test import Client

        self.client = Client(enforce_csrf_checks=True)

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def send(self, method: str, path: str, body: Any = None, *, csrf: bool = True) -> Any:
        if "motet_csrf" not in self.client.cookies:
            self.client.get("/auth/session")
        headers = {"x-csrftoken": self.client.cookies["motet_csrf"].value} if csrf else {}
        call = getattr(self.client, method)
        return call(path, body or {}, content_type="application/json", headers=headers)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.send("post", path, body, **options)

    def sign_up(self, email: str, password: str = PASSWORD) -> Any:
        return self.post(f"{ALLAUTH}/auth/signup", {"email": email, "password": password})

    def sign_in(self, email: str, password: str = PASSWORD) -> Any:
        return self.post(f"{ALLAUTH}/auth/login", {"email": email, "password": password})

    def verify(self, code: str) -> Any:
        return self.post(f"{ALLAUTH}/auth/email/verify", {"key": code})

    def token(self, account: str | None = None) -> Any:
        return self.post("/auth/token", {"account": account})


@pytest.fixture(autouse=True)
def fresh_rate_limits() -> Iterator[None]:
    from django.core.cache import cache

    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def new_browser() -> Callable[[], Browser]:
    return Browser


@pytest.fixture
def code_in_mail() -> Callable[[], str]:
    """The code in the last mail that was sent."""
    from django.core import mail

    def code() -> str:
        found = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", mail.outbox[-1].body, re.M)
        assert found, mail.outbox[-1].body
        return found[1]

    return code
