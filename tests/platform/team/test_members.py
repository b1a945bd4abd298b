"""Members: another role, and the end of a membership; always an owner left, never a step up."""

from typing import Any

import pytest
from motet_platform.accounts.models import Membership, Role
from motet_platform.keys.models import ApiKey

pytestmark = pytest.mark.django_db


def id_of(person: Any) -> int:
    return int(person.account.memberships.get(user=person.user).pk)


def role_of(person: Any) -> str:
    return str(person.account.memberships.get(user=person.user).role)


def set_role(by: Any, person: Any, role: str) -> Any:
    return by.api.patch(f"/v1/members/{id_of(person)}", {"role": role}, format="json")


def test_it_works(alice: Any, bob: Any) -> None:
    answer = set_role(alice.signed_in(), bob, "viewer")
    assert (answer.status_code, answer.json()["role"]) == (200, "viewer")
    assert role_of(bob) == Role.VIEWER


def test_a_lower_role_narrows_the_members_keys(alice: Any, bob: Any) -> None:
    seeing = bob.with_key(scopes=["usage", "inference"])
    making = bob.with_key(scopes=["inference"])
    set_role(alice.signed_in(), bob, "viewer")
    assert seeing.api.get("/v1/usage").status_code == 200
    assert ApiKey.objects.get(pk=seeing.key.pk).scopes == ["usage"]
    assert making.api.get("/v1/account").status_code == 401
    assert alice.api.get("/v1/keys").status_code == 200


def test_removal_is_at_once_and_takes_the_keys(alice: Any, bob: Any) -> None:
    at_dashboard = bob.signed_in()
    assert alice.signed_in().api.delete(f"/v1/members/{id_of(bob)}").status_code == 204
    for way in (at_dashboard, bob):
        assert way.api.get("/v1/account").status_code == 401
    assert not Membership.objects.filter(user=bob.user).exists()


def test_anybody_may_leave(alice: Any, bob: Any, error_of: Any) -> None:
    viewer = bob.signed_in("viewer")
    refused = viewer.api.delete(f"/v1/members/{id_of(alice)}")
    assert (refused.status_code, error_of(refused)) == (403, "missing_scope")
    assert viewer.api.delete(f"/v1/members/{id_of(bob)}").status_code == 204


def test_a_key_cannot_leave_for_its_maker(alice: Any, bob: Any) -> None:
    key = bob.with_key(scopes=["team:read"])
    assert key.api.delete(f"/v1/members/{id_of(bob)}").status_code == 403


def test_an_owner_stays(alice: Any, bob: Any, error_of: Any) -> None:
    owner = alice.signed_in()
    for answer in (
        set_role(owner, alice, "admin"),
        owner.api.delete(f"/v1/members/{id_of(alice)}"),
    ):
        assert (answer.status_code, error_of(answer)) == (400, "last_owner")
    assert set_role(owner, bob, "owner").status_code == 200
    assert set_role(owner, alice, "admin").status_code == 200


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_nobody_steps_up(role: str, alice: Any, bob: Any, error_of: Any) -> None:
    """An admin makes no owner; a key, which lacks what only people may, makes no admin."""
    by = bob.signed_in("admin") if role == "owner" else alice
    answer = set_role(by, bob, role)
    if role == "admin":
        bob.signed_in("developer")
        answer = set_role(by, bob, role)
    assert (answer.status_code, error_of(answer)) == (403, "role_above_yours")


def test_an_admin_does_not_touch_an_owner(alice: Any, bob: Any, error_of: Any) -> None:
    admin = bob.signed_in("admin")
    for answer in (
        set_role(admin, alice, "viewer"),
        admin.api.delete(f"/v1/members/{id_of(alice)}"),
    ):
        assert (answer.status_code, error_of(answer)) == (403, "role_above_yours")
    assert role_of(alice) == Role.OWNER


def test_a_stranger_sees_nothing(alice: Any, charlie: Any, error_of: Any) -> None:
    stranger = charlie.signed_in()
    for answer in (
        set_role(stranger, alice, "viewer"),
        stranger.api.delete(f"/v1/members/{id_of(alice)}"),
        stranger.api.delete("/v1/members/999999999"),
    ):
        assert (answer.status_code, error_of(answer)) == (404, "member_not_found")


def test_a_role_that_is_none(alice: Any, bob: Any) -> None:
    assert set_role(alice.signed_in(), bob, "member").status_code == 400
