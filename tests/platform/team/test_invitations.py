"""Invitations: by mail, for one e-mail, once, for a week; and never a step up."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from motet_platform.accounts.models import User
from motet_platform.accounts.services import email_vouch
from motet_platform.outbox.runner import tasks_run_due
from motet_platform.team.models import Invitation

pytestmark = pytest.mark.django_db


@pytest.fixture
def dora(db: None) -> User:
    user = User.objects.create_user("dora@example.com")
    email_vouch(user)
    return user


def invite(by: Any, email: str = "Dora@Example.com", role: str = "developer") -> Any:
    return by.api.post("/v1/invitations", {"email": email, "role": role}, format="json")


def token_in_mail() -> str:
    tasks_run_due()
    (url,) = (word for word in mail.outbox[-1].body.split() if "/invitations/" in word)
    return url.rsplit("/", 1)[1]


def accept(api: Any, token: str) -> Any:
    return api.post("/auth/invitations/accept", {"token": token}, format="json")


def test_it_works(alice: Any, dora: User, at_auth: Any) -> None:
    made = invite(alice.signed_in())
    assert made.status_code == 201, made.json()
    assert made.json()["email"] == "dora@example.com"
    assert made.json()["invited_by"] == "alice@acme.example"
    assert not mail.outbox
    token = token_in_mail()
    assert mail.outbox[-1].to == ["dora@example.com"]
    assert "Acme" in mail.outbox[-1].subject
    api = at_auth(dora)
    (mine,) = api.get("/auth/invitations").json()["data"]
    assert (mine["account"], mine["role"], mine["token"]) == ("acme", "developer", token)
    joined = accept(api, token)
    assert joined.status_code == 200, joined.json()
    assert (joined.json()["slug"], joined.json()["role"]) == ("acme", "developer")
    assert dora.memberships.get().account == alice.account
    assert alice.api.get("/v1/invitations").json()["data"] == []
    assert api.get("/auth/invitations").json()["data"] == []


def test_once(alice: Any, dora: User, at_auth: Any, error_of: Any) -> None:
    invite(alice)
    token, api = token_in_mail(), at_auth(dora)
    accept(api, token)
    dora.memberships.all().delete()
    again = accept(api, token)
    assert (again.status_code, error_of(again)) == (404, "invitation_not_found")


def test_another_person_cannot_use_it(
    alice: Any, charlie: Any, dora: User, at_auth: Any, error_of: Any
) -> None:
    invite(alice)
    token = token_in_mail()
    stranger = at_auth(charlie.user)
    assert stranger.get("/auth/invitations").json()["data"] == []
    answer = accept(stranger, token)
    assert (answer.status_code, error_of(answer)) == (403, "invitation_for_another")
    assert accept(at_auth(dora), token).status_code == 200


def test_an_email_that_is_not_verified_does_not_count(alice: Any, dora: User, at_auth: Any) -> None:
    dora.emailaddress_set.update(verified=False)
    invite(alice)
    token = token_in_mail()
    assert at_auth(dora).get("/auth/invitations").json()["data"] == []
    assert accept(at_auth(dora), token).status_code == 403


@pytest.mark.parametrize("end", ["revoked", "expired", "deleted account"])
def test_what_has_ended(end: str, alice: Any, dora: User, at_auth: Any, error_of: Any) -> None:
    made = invite(alice).json()
    token = token_in_mail()
    if end == "revoked":
        assert alice.api.delete(f"/v1/invitations/{made['id']}").status_code == 204
    elif end == "expired":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        assert alice.signed_in().api.delete("/v1/account?confirm=acme").status_code == 204
    answer = accept(at_auth(dora), token)
    assert (answer.status_code, error_of(answer)) == (404, "invitation_not_found")


def test_a_withdrawn_invitation_is_not_mailed(alice: Any) -> None:
    made = invite(alice).json()
    alice.api.delete(f"/v1/invitations/{made['id']}")
    tasks_run_due()
    assert not mail.outbox


@pytest.mark.parametrize("token", ["", "x", "1", "a:b:c"])
def test_tokens_that_are_none(token: str, dora: User, at_auth: Any) -> None:
    assert accept(at_auth(dora), token).status_code in (400, 404)


def test_twice_and_members(alice: Any, bob: Any, error_of: Any) -> None:
    assert invite(alice).status_code == 201
    assert error_of(invite(alice)) == "invitation_exists"
    Invitation.objects.update(expires_at=timezone.now())
    assert invite(alice).status_code == 201
    assert error_of(invite(alice, "BOB@acme.example")) == "already_member"


def test_nobody_steps_up(alice: Any, bob: Any, error_of: Any) -> None:
    admin = bob.signed_in("admin")
    assert error_of(invite(admin, role="owner")) == "role_above_yours"
    made = invite(alice.signed_in(), role="owner").json()
    answer = admin.api.delete(f"/v1/invitations/{made['id']}")
    assert error_of(answer) == "role_above_yours"
    assert error_of(invite(alice, "e@example.com", role="admin")) == "role_above_yours"


def test_a_stranger_sees_nothing(alice: Any, charlie: Any, error_of: Any) -> None:
    made = invite(alice).json()
    assert charlie.api.get("/v1/invitations").json()["data"] == []
    answer = charlie.api.delete(f"/v1/invitations/{made['id']}")
    assert (answer.status_code, error_of(answer)) == (404, "invitation_not_found")


def test_only_so_many_mails_a_day(
    alice: Any, error_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("motet_platform.team.invitations.MAX_A_DAY", 1)
    made = invite(alice).json()
    alice.api.delete(f"/v1/invitations/{made['id']}")
    answer = invite(alice)
    assert (answer.status_code, error_of(answer)) == (429, "too_many_invitations")


@pytest.mark.parametrize("email", ["", "x", "a@b", "a\nb@example.com"])
def test_emails_that_are_none(email: str, alice: Any) -> None:
    assert invite(alice, email).status_code == 400
