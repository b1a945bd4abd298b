"""Alice owns the account `acme`, Bob works in it, Charlie is a stranger with an account of his own.

Each brings a client that speaks the management API with a key of theirs.
"""

import queue
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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


@pytest.fixture
def serve(alice: Any) -> Callable[..., str]:
    """Serves one request of Alice's as gateway and ledger do: serve("r1", prompt, completion)."""
    from django.db import connection
    from motet_billing import sql
    from motet_billing.commands import Open, Settle
    from motet_billing.decide import Books, decide
    from motet_billing.services import price_set
    from motet_platform.metering.sink import INSERT, UsageRow, usage_values

    price = price_set(sku="tiny", input=100, cached_input=50, output=200)

    def run(*commands: Any) -> None:
        with connection.cursor() as cursor:
            rows = []
            for query in sql.locks(commands):
                cursor.execute(*query)
                rows.append(cursor.fetchall())
            decision = decide(commands, Books.of(*rows))
            assert not any(isinstance(result, Exception) for result in decision.results)
            for query in sql.writes(decision, lease_s=60):
                cursor.execute(*query)
            if decision.usages:
                cursor.execute(INSERT, usage_values(decision.usages))

    def one(request_id: str, prompt: int = 10, completion: int = 5, **fields: Any) -> str:
        cost = prompt * 100 + completion * 200
        row = UsageRow(
            **{
                "request_id": request_id, "account_id": alice.account.pk, "key_id": alice.key.pk,
                "model": "tiny", "base": "tiny", "version_id": None, "digest": "",
                "endpoint": "chat.completions", "status": 200, "finish_reason": "stop",
                "streamed": True, "prompt_tokens": prompt, "cached_tokens": 0,
                "completion_tokens": completion, "price_version_id": price.pk, "cost": cost,
                **fields,
            }
        )  # fmt: skip
        wallet = alice.account.wallet.pk
        run(Open(request_id, wallet, 10_000, price.pk, "gw", "{}"))
        run(Settle(request_id, row.cost, row))
        return request_id

    return one


@pytest.fixture
def meanwhile() -> Iterator[Callable[[Callable[[], Any]], "Future[Any]"]]:
    """`meanwhile(call)` starts a call on a connection of its own, and comes back once it waits for
    a lock that the test holds, or has ended. For tests with `transaction=True`."""
    from django.db import connection

    def pid() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    def waits(backend: int) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [backend])
            return bool(cursor.fetchone()[0])

    with ThreadPoolExecutor() as pool:

        def start(call: Callable[[], Any]) -> "Future[Any]":
            backends: queue.Queue[int] = queue.Queue()

            def run() -> Any:
                try:
                    backends.put(pid())
                    return call()
                finally:
                    connection.close()

            future = pool.submit(run)
            backend = backends.get(timeout=10)
            until = time.monotonic() + 10
            while not (future.done() or waits(backend)):
                assert time.monotonic() < until, "neither waits nor ends"
                time.sleep(0.01)
            return future

        yield start
