"""What several sign-ups do at one moment: one account and one credit per person, none left out."""

from functools import partial
from typing import Any

import pytest
from django.db import transaction
from motet_billing import money
from motet_billing.models import Wallet
from motet_platform.accounts.models import Account, User
from motet_platform.accounts.services import account_create, account_open, email_vouch
from motet_platform.accounts.signup import open_on_signed_up
from motet_platform.config import get_config
from motet_platform.errors import InvalidRequest

pytestmark = pytest.mark.django_db(transaction=True)

CREDIT = money.picodollars("5.00")


def person(email: str) -> User:
    user = User.objects.create_user(email, "correct horse battery")
    email_vouch(user)
    return user


def loaded(user: User) -> User:
    """As another request has it."""
    return User.objects.get(pk=user.pk)


def credits() -> list[int]:
    return [wallet.posted for wallet in Wallet.objects.all()]


class TestTheFirstAccount:
    def test_comes_once_however_often_it_is_asked_for(self, meanwhile: Any) -> None:
        eve = person("eve@x.example")
        with transaction.atomic():
            User.objects.select_for_update().get(pk=eve.pk)
            asked = [meanwhile(partial(open_on_signed_up, user=loaded(eve))) for _ in range(3)]
        for one in asked:
            assert one.result(timeout=10) is None
        assert credits() == [CREDIT]
        assert eve.memberships.count() == 1

    def test_credit_comes_once_whatever_the_caller_holds(self) -> None:
        eve = person("eve@x.example")
        before = loaded(eve)
        account_open(owner=eve, signup_credit=True)
        account_open(owner=before, slug="second", signup_credit=True)
        assert sorted(credits()) == [0, CREDIT]
        before.save()  # and nothing of it is taken back
        assert loaded(eve).signup_credit_at is not None

    def test_a_code_that_is_sent_several_times_at_once(
        self, browser: Any, code_in_mail: Any, meanwhile: Any
    ) -> None:
        from django.test import Client

        browser.sign_up("eve@x.example")
        code = code_in_mail()

        def verify() -> Any:
            client = Client(enforce_csrf_checks=True, raise_request_exception=False)
            client.cookies.load({name: m.value for name, m in browser.client.cookies.items()})
            return client.post(
                "/_allauth/browser/v1/auth/email/verify",
                {"key": code},
                content_type="application/json",
                headers={"x-csrftoken": client.cookies["motet_csrf"].value},
            )

        with transaction.atomic():
            User.objects.select_for_update().get()
            asked = [meanwhile(verify) for _ in range(4)]
        codes = [one.result(timeout=20).status_code for one in asked]
        assert sorted(codes) == [200, 409, 409, 409]
        assert credits() == [CREDIT]
        assert browser.verify(code).status_code == 409

    def test_no_email_is_verified_without_it(
        self, browser: Any, code_in_mail: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        browser.sign_up("eve@x.example")
        code = code_in_mail()
        browser.client.raise_request_exception = False
        with monkeypatch.context() as broken:
            broken.setattr("motet_platform.accounts.services.wallet_open", None)
            assert browser.verify(code).status_code == 500
        assert browser.verify(code).status_code == 200
        assert credits() == [CREDIT]


class TestSlugs:
    def test_two_with_one_stem(self, meanwhile: Any) -> None:
        first, second = person("info@a.example"), person("info@b.example")
        with transaction.atomic():
            open_on_signed_up(user=first)
            other = meanwhile(lambda: open_on_signed_up(user=second))
        other.result(timeout=10)
        assert [u.accounts.get().slug for u in (first, second)] == ["info", "info-2"]
        assert credits() == [CREDIT, CREDIT]

    def test_one_that_is_asked_for_by_two(self, meanwhile: Any) -> None:
        first, second = person("a@x.example"), person("b@x.example")
        with transaction.atomic():
            account_open(owner=first, slug="info")
            other = meanwhile(lambda: account_open(owner=second, slug="info"))
        with pytest.raises(InvalidRequest) as refused:
            other.result(timeout=10)
        assert refused.value.code == "slug_taken"
        assert not second.memberships.exists()


class TestTheNextSignIn:
    def test_makes_good_what_sign_up_left_out(self, browser: Any) -> None:
        eve = person("eve@x.example")
        for _ in range(2):
            assert browser.sign_in(eve.email).status_code in (200, 409)
            assert credits() == [CREDIT]
        assert browser.token().json()["account"]["slug"] == "eve"

    def test_brings_nothing_back(self, browser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(get_config().__dict__, "signup_credit_usd", 0)
        new = account_create(email="eve@x.example", password="correct horse battery")
        monkeypatch.undo()
        new.account.memberships.all().delete()
        assert browser.sign_in("eve@x.example").status_code == 200
        assert Account.objects.count() == 1

    def test_opens_none_where_sign_up_is_closed(
        self, browser: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(get_config().__dict__, "signup", "closed")
        eve = person("eve@x.example")
        assert browser.sign_in(eve.email).status_code == 200
        assert not Account.objects.exists()
