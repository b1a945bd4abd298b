"""A signed-in member's token on the inference path: it works, and ends with what it stands on."""

from typing import Any

import openai
import pytest
from motet_platform.accounts.models import Membership, User
from motet_platform.keys.tokens import token_issue


@pytest.fixture
def member(alice: Any, tables: Any) -> Any:
    """A developer of alice's account, signed in: (token, membership)."""
    from django.contrib.sessions.backends.db import SessionStore

    user = User.objects.create_user("dora@example.com", "correct horse battery")
    membership = Membership.objects.create(account=alice.account, user=user, role="developer")
    session = SessionStore()
    session.create()
    assert session.session_key is not None
    token = token_issue(membership=membership, session_key=session.session_key)
    return token.secret, membership


async def ask(gateway: Any, token: str, model: str) -> Any:
    async with gateway.client(token) as client:
        return await client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": "hi"}]
        )


async def test_it_works(gateway: Any, member: Any, base: str, tables: Any, alice: Any) -> None:
    token, membership = member
    answer = await ask(gateway, token, base)
    assert answer.choices[0].message.content
    (row,) = tables.rows(
        """SELECT u.account_id, k.dashboard, k.created_by_id, u.cost
             FROM metering_usagerecord u JOIN keys_apikey k ON k.id = u.key_id"""
    )
    assert (row["account_id"], row["dashboard"]) == (alice.account.pk, True)
    assert row["created_by_id"] == membership.user_id
    assert row["cost"] > 0


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ("DELETE FROM django_session", 401),
        ("DELETE FROM keys_sessiontoken", 401),
        ("UPDATE accounts_user SET password = 'x'", 401),
        ("UPDATE accounts_user SET is_active = false", 401),
        ("UPDATE keys_apikey SET revoked_at = now() WHERE dashboard", 401),
        ("UPDATE accounts_membership SET role = 'viewer'", 403),
        ("UPDATE accounts_account SET suspended_at = now()", 403),
    ],
)
async def test_it_ends_at_once(
    change: str, status: int, gateways: Any, worker: Any, member: Any, base: str, tables: Any
) -> None:
    token, _ = member
    async with gateways([worker], cache_s=3600) as gateway:
        await ask(gateway, token, base)
        tables.rows(change)
        for _ in range(500):
            try:
                await ask(gateway, token, base)
            except openai.APIStatusError as error:
                assert error.status_code == status
                break
        else:
            pytest.fail("the token still works")


async def test_it_expires_while_it_is_cached(
    gateways: Any, worker: Any, member: Any, base: str, tables: Any
) -> None:
    token, _ = member
    tables.rows("UPDATE keys_sessiontoken SET expires_at = now() + interval '300 milliseconds'")
    async with gateways([worker], cache_s=3600) as gateway:
        with pytest.raises(openai.AuthenticationError):
            for _ in range(10_000):
                await ask(gateway, token, base)


@pytest.mark.parametrize("role", ["billing", "viewer"])
async def test_roles_that_may_not_infer(
    role: str, gateway: Any, member: Any, base: str, tables: Any
) -> None:
    token, _ = member
    tables.rows("UPDATE accounts_membership SET role = %s", role)
    with pytest.raises(openai.PermissionDeniedError):
        await ask(gateway, token, base)


async def test_a_token_that_nobody_was_given(gateway: Any, base: str) -> None:
    from motet_platform.keys.secret import SESSION_PREFIX, new_secret

    with pytest.raises(openai.AuthenticationError):
        await ask(gateway, new_secret(SESSION_PREFIX), base)
