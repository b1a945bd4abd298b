"""Alice owns the account `acme`, Bob works in it, Charlie is a stranger with an account of his own.

Each brings a client that speaks the management API with a key of theirs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Person:
    """Somebody with a key. `api` is a DRF test client that sends it."""

    account: Any
    user: Any
    key: Any
    secret: str
    api: Any

    def with_key(self, **fields: Any) -> "Person":
        """The same person with another key."""
        return _person(self.account, self.user, **fields)

    def signed_in(self, role: str | None = None) -> "Person":
        """The same person at the dashboard, with a member's token in place of the key."""
        from django.contrib.sessions.backends.db import SessionStore
        from motet_platform.keys.tokens import token_issue
        from rest_framework.test import APIClient

        membership = self.account.memberships.get(user=self.user)
        if role is not None:
            membership.role = role
            membership.save()
        session = SessionStore()
        session.create()
        token = token_issue(membership=membership, session_key=str(session.session_key))
        api = APIClient()
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {token.secret}")
        return Person(self.account, self.user, None, token.secret, api)


def _person(account: Any, user: Any, **fields: Any) -> Person:
    from motet_platform.keys.services import key_create
    from rest_framework.test import APIClient

    new = key_create(account=account, created_by=user, **{"name": "test", **fields})
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {new.secret}")
    return Person(account, user, new.key, new.secret, api)


@pytest.fixture
def alice(db: None) -> Person:
    from motet_platform.accounts.services import account_create

    new = account_create(email="alice@acme.example", name="Acme", slug="acme")
    return _person(new.account, new.owner)


@pytest.fixture
def bob(alice: Person) -> Person:
    from motet_platform.accounts.services import member_add

    member = member_add(account=alice.account, email="bob@acme.example")
    return _person(alice.account, member.user)


@pytest.fixture
def charlie(db: None) -> Person:
    from motet_platform.accounts.services import account_create

    new = account_create(email="charlie@other.example", name="Other", slug="other")
    return _person(new.account, new.owner)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder behind the adapter store, and nobody else's; MOTET_VAR is `var` beside it."""
    from motet_platform.adapters.storage import get_store
    from motet_platform.config import get_config

    values = get_config().__dict__  # frozen against assignment, and read once per process
    monkeypatch.setitem(values, "var", tmp_path / "var")
    monkeypatch.setitem(values, "store", f"file://{tmp_path}/store")
    get_store.cache_clear()
    yield tmp_path / "store"
    get_store.cache_clear()


@pytest.fixture
def anonymous() -> Any:
    from rest_framework.test import APIClient

    return APIClient()


@pytest.fixture
def error_of() -> Callable[[Any], str]:
    """The code of an answer, after checking that its body has the one error shape."""

    def code(response: Any) -> str:
        body = response.json()
        assert set(body) == {"error"}, body
        assert set(body["error"]) == {"message", "type", "param", "code"}
        assert body["error"]["message"] and response.status_code >= 400
        return str(body["error"]["code"])

    return code
