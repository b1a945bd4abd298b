"""What ended while a request waited for its turn: nothing is made for it, or by it, any more."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from motet_platform.accounts.models import Account
from motet_platform.adapters.models import Adapter
from motet_platform.catalog.models import BaseModel
from motet_platform.keys.models import ApiKey
from motet_platform.keys.services import key_revoke
from motet_platform.team.account import account_delete
from motet_platform.team.members import member_remove, member_role_set
from motet_platform.team.service_accounts import service_account_create, service_account_delete

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def late(alice: Any, meanwhile: Any) -> Callable[..., Any]:
    """`late(call, change)`: the answer to a call that waited for the account while it changed."""

    def run(call: Callable[[], Any], change: Callable[[], Any]) -> Any:
        with transaction.atomic():
            Account.objects.select_for_update().get(pk=alice.account.pk)
            future = meanwhile(call)
            assert not future.done(), future.result()
            change()
        return future.result(timeout=10)

    return run


@pytest.fixture
def owner(alice: Any) -> ApiKey:
    """What Alice does at the dashboard."""
    alice.signed_in()
    return ApiKey.objects.get(dashboard=True, created_by=alice.user)


def demote(person: Any, owner: ApiKey) -> None:
    member_role_set(
        account=person.account, member_id=member_id(person), role="developer", asked_by=owner
    )


def member_id(person: Any) -> int:
    return int(person.account.memberships.get(user=person.user).pk)


def make(person: Any, **body: Any) -> Callable[[], Any]:
    return lambda: person.api.post("/v1/keys", {"name": "late", **body}, format="json")


def made() -> bool:
    return ApiKey.objects.filter(name="late").exists()


@pytest.mark.parametrize("at_dashboard", [True, False])
def test_a_member_who_was_removed(
    at_dashboard: bool, alice: Any, bob: Any, owner: Any, late: Any, error_of: Any
) -> None:
    asks = bob.signed_in() if at_dashboard else bob
    answer = late(
        make(asks, scopes=["inference"]),
        partial(member_remove, account=alice.account, member_id=member_id(bob), asked_by=owner),
    )
    assert (answer.status_code, error_of(answer)) == (401, "invalid_api_key")
    assert not made()


def test_a_member_who_may_do_less_now(bob: Any, owner: Any, late: Any, error_of: Any) -> None:
    at_dashboard = bob.signed_in("admin")
    answer = late(
        make(at_dashboard, scopes=["billing"]),
        partial(demote, bob, owner),
    )
    assert (answer.status_code, error_of(answer)) == (403, "key_exceeds_parent")
    assert not made()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("patch", "/v1/members/{bob}", {"role": "admin"}),
        ("delete", "/v1/members/{alice}", {}),
        ("post", "/v1/invitations", {"email": "eve@x.example", "role": "viewer"}),
        ("post", "/v1/service-accounts", {"name": "ci", "role": "viewer"}),
        ("patch", "/v1/account", {"name": "mine"}),
        ("delete", "/v1/account?confirm=acme", {}),
    ],
)
def test_an_owner_who_is_none_any_more(
    method: str, path: str, body: Any, alice: Any, bob: Any, owner: Any, late: Any, error_of: Any
) -> None:
    asks = bob.signed_in("owner").api
    url = path.format(alice=member_id(alice), bob=member_id(bob))
    answer = late(
        lambda: getattr(asks, method)(url, body, format="json"), partial(demote, bob, owner)
    )
    assert (answer.status_code, error_of(answer)) == (403, "missing_scope")
    roles = {m.user.email: m.role for m in alice.account.memberships.select_related("user")}
    assert roles == {"alice@acme.example": "owner", "bob@acme.example": "developer"}
    account = Account.objects.get(pk=alice.account.pk)
    assert (account.name, account.deleted_at) == ("Acme", None)
    assert not account.invitations.exists() and not account.service_accounts.exists()


def test_a_key_that_was_revoked(alice: Any, late: Any, error_of: Any) -> None:
    parent = alice.with_key()
    answer = late(make(parent), lambda: key_revoke(account=alice.account, key_id=parent.key.pk))
    assert (answer.status_code, error_of(answer)) == (401, "invalid_api_key")
    assert not made()


def test_a_key_that_has_expired(alice: Any, late: Any) -> None:
    parent = alice.with_key()
    expired = ApiKey.objects.filter(pk=parent.key.pk)
    assert late(make(parent), lambda: expired.update(expires_at=timezone.now())).status_code == 401
    assert not made()


def test_an_account_that_was_deleted(alice: Any, owner: Any, late: Any, error_of: Any) -> None:
    answer = late(
        make(alice.signed_in()),
        partial(account_delete, account=alice.account, confirm="acme", asked_by=owner),
    )
    assert (answer.status_code, error_of(answer)) == (404, "account_not_found")
    assert not made()


def test_no_adapter_for_an_account_that_was_deleted(
    alice: Any, owner: Any, late: Any, error_of: Any
) -> None:
    BaseModel.objects.create(name="tiny", revision="1", config={}, context_length=1)
    body = {"name": "support", "base_model": "tiny"}
    answer = late(
        lambda: alice.api.post("/v1/adapters", body, format="json"),
        partial(account_delete, account=alice.account, confirm="acme", asked_by=owner),
    )
    assert (answer.status_code, error_of(answer)) == (404, "account_not_found")
    assert not Adapter.objects.exists()


def test_a_service_account_that_was_deleted(
    alice: Any, owner: Any, late: Any, error_of: Any
) -> None:
    account = alice.account
    ci = service_account_create(account=account, name="ci", role="viewer", asked_by=owner)
    answer = late(
        make(alice, service_account=ci.pk, scopes=["usage"]),
        partial(service_account_delete, account=account, service_id=ci.pk, asked_by=owner),
    )
    assert (answer.status_code, error_of(answer)) == (404, "service_account_not_found")
    assert not made()


def test_no_key_of_a_deleted_account_works(alice: Any, error_of: Any) -> None:
    """However it came to be there."""
    ways = (alice, alice.signed_in())
    Account.objects.update(deleted_at=timezone.now())
    for way in ways:
        answer = way.api.get("/v1/account")
        assert (answer.status_code, error_of(answer)) == (401, "invalid_api_key")
