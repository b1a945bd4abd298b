"""Accounts come whole: an owner, a wallet, the sign-up credit; and members are seen by members."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from motet_billing import money
from motet_billing.selectors import balance
from motet_platform.accounts.models import Account, Role, User
from motet_platform.accounts.services import account_create, account_grant
from motet_platform.errors import InvalidRequest

pytestmark = pytest.mark.django_db


def test_it_works() -> None:
    new = account_create(email="Dora.Smith@Example.com", password="a long enough secret")
    assert new.account.slug == "dora-smith"
    assert new.owner.email == "dora.smith@example.com"
    assert new.owner.check_password("a long enough secret")
    assert new.account.memberships.get().role == Role.OWNER
    wallet = balance(new.account.pk)
    assert wallet.available == money.picodollars("5.00")
    (lot,) = wallet.lots
    assert lot.kind == "promo"
    assert lot.expires_at is not None
    assert (lot.expires_at - new.account.created_at).days == 90


def test_slugs_are_made_unique() -> None:
    slugs = [account_create(email=f"sam@{n}.example").account.slug for n in range(3)]
    assert slugs == ["sam", "sam-2", "sam-3"]
    assert account_create(email="api@x.example").account.slug == "api-2"
    assert account_create(email="++@x.example").account.slug == "team"


def test_email_is_taken_once(alice: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        account_create(email=" ALICE@acme.example")
    assert refused.value.code == "email_taken"


@pytest.mark.parametrize("slug", ["acme", "models"])
def test_slug_is_taken_once(slug: str, alice: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        account_create(email="x@y.example", slug=slug)
    assert refused.value.code == "slug_taken"


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "not an address"},
        {"slug": "A"},
        {"slug": "a/b"},
        {"slug": "-a"},
        {"slug": "a\n"},
        {"password": "short"},
    ],
)
def test_nothing_is_left_of_a_bad_account(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        account_create(**{"email": "x@y.example", **fields})
    assert not Account.objects.exists()
    assert not User.objects.exists()


def test_grant_once_per_cause(alice: Any) -> None:
    for _ in range(2):
        account_grant(account=alice.account, usd="2.50", source_key="cli:1")
    assert balance(alice.account.pk).available == money.picodollars("7.50")


@pytest.mark.parametrize("usd", ["0", "-1", "1e3", "1.0000000000001", "many"])
def test_grants_that_are_none(usd: str, alice: Any) -> None:
    with pytest.raises(InvalidRequest):
        account_grant(account=alice.account, usd=usd, source_key="cli:1")


def test_members(alice: Any, bob: Any, charlie: Any) -> None:
    members = bob.api.get("/v1/members").json()
    assert [(m["email"], m["role"]) for m in members["data"]] == [
        ("alice@acme.example", "owner"),
        ("bob@acme.example", "developer"),
    ]
    assert [m["email"] for m in charlie.api.get("/v1/members").json()["data"]] == [
        "charlie@other.example"
    ]
