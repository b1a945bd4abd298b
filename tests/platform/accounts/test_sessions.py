"""Signing up and in by cookie, and the token that /v1 takes instead of the cookie."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone
from motet_billing import money
from motet_billing.selectors import balance
from motet_platform.accounts.models import Account, Membership, Role, User
from motet_platform.accounts.services import account_create
from motet_platform.keys.models import ApiKey, SessionToken

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
ALLAUTH = "/_allauth/browser/v1"


@pytest.fixture
def dora(browser: Any) -> Any:
    """Signed in, with an account of her own."""
    account_create(email="dora@example.com", password=PASSWORD)
    assert browser.sign_in("dora@example.com").status_code == 200
    return browser


def bearer(anonymous: Any, browser: Any, account: str | None = None) -> Any:
    body = browser.token(account).json()
    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {body['token']}")
    return anonymous


class TestSignUp:
    def test_it_works(self, browser: Any, code_in_mail: Any) -> None:
        signed_up = browser.sign_up("Erin@Example.com")
        assert signed_up.status_code == 401
        assert "Motet" in mail.outbox[0].body
        flows = {flow["id"]: flow for flow in signed_up.json()["data"]["flows"]}
        assert flows["verify_email"]["is_pending"]
        assert not Account.objects.exists()
        assert browser.get("/auth/session").status_code == 401
        verified = browser.verify(code_in_mail())
        assert verified.status_code == 200, verified.json()
        body = browser.get("/auth/session").json()
        assert body["user"]["email"] == "erin@example.com"
        (account,) = body["accounts"]
        assert (account["slug"], account["role"]) == ("erin", "owner")
        (lot,) = balance(account["id"]).lots
        assert (lot.kind, lot.amount) == ("promo", money.picodollars("5.00"))
        assert lot.expires_at is not None
        assert 89 <= (lot.expires_at - timezone.now()).days <= 90

    def test_a_wrong_code_opens_nothing(self, browser: Any, code_in_mail: Any) -> None:
        browser.sign_up("erin@example.com")
        right = code_in_mail()
        wrong = ("A" if right[0] != "A" else "B") + right[1:]
        assert browser.verify(wrong).status_code == 400
        assert not Account.objects.exists()
        assert browser.verify(right).status_code == 200

    def test_an_email_that_is_taken_is_not_told(self, browser: Any, new_browser: Any) -> None:
        account_create(email="erin@example.com", password=PASSWORD)
        taken, free = browser.sign_up("erin@example.com"), new_browser().sign_up("f@example.com")
        assert taken.status_code == free.status_code == 401
        assert taken.json()["data"] == free.json()["data"]
        assert User.objects.filter(email="erin@example.com").count() == 1

    def test_the_credit_comes_once_per_person(self, browser: Any, code_in_mail: Any) -> None:
        browser.sign_up("erin@example.com")
        browser.verify(code_in_mail())
        changed = browser.post(f"{ALLAUTH}/account/email", {"email": "erin@other.example"})
        assert changed.status_code == 200, changed.json()
        assert browser.verify(code_in_mail()).status_code == 200
        user = User.objects.get()
        assert user.email == "erin@other.example"
        assert Account.objects.count() == 1

    def test_without_a_mail_server_nobody_is_stuck(
        self, browser: Any, new_browser: Any, code_in_mail: Any, settings: Any, error_of: Any
    ) -> None:
        usual = settings.EMAIL_BACKEND
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_PORT = 1
        answer = browser.sign_up("erin@example.com")
        assert (answer.status_code, error_of(answer)) == (503, "mail_unavailable")
        settings.EMAIL_BACKEND = usual
        cache.clear()  # else the next code waits for ten seconds
        again = new_browser()
        assert again.sign_in("erin@example.com").status_code == 401
        assert again.verify(code_in_mail()).status_code == 200

    def test_weak_passwords_are_refused(self, browser: Any) -> None:
        assert browser.sign_up("erin@example.com", "short").status_code == 400
        assert browser.sign_up("erin@example.com", "1234567890").status_code == 400
        assert not User.objects.exists()

    def test_it_can_be_closed(self, browser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        from motet_platform.config import get_config

        monkeypatch.setitem(get_config().__dict__, "signup", "closed")
        assert browser.sign_up("erin@example.com").status_code == 403
        assert not User.objects.exists()

    def test_one_address_signs_up_only_so_often(self, new_browser: Any) -> None:
        from motet_platform.config import get_config

        allowed = get_config().signups_per_hour
        codes = [new_browser().sign_up(f"e{n}@example.com").status_code for n in range(allowed + 1)]
        assert codes == [401] * allowed + [429]
        assert User.objects.count() == allowed


class TestSignIn:
    def test_a_wrong_password(self, browser: Any) -> None:
        account_create(email="dora@example.com", password=PASSWORD)
        assert browser.sign_in("dora@example.com", "wrong password").status_code == 400
        assert browser.get("/auth/session").status_code == 401

    def test_guessing_is_slowed_down(self, browser: Any) -> None:
        account_create(email="dora@example.com", password=PASSWORD)
        codes = [browser.sign_in("dora@example.com", f"wrong {n}").status_code for n in range(7)]
        assert set(codes) == {400}
        refused = browser.sign_in("dora@example.com")
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["code"] == "too_many_login_attempts"

    def test_csrf(self, browser: Any, error_of: Any) -> None:
        credentials = {"email": "dora@example.com", "password": PASSWORD}
        answer = browser.post(f"{ALLAUTH}/auth/login", credentials, csrf=False)
        assert (answer.status_code, error_of(answer)) == (403, "csrf_failed")

    def test_reset(self, dora: Any, new_browser: Any) -> None:
        other = new_browser()
        asked = other.post(f"{ALLAUTH}/auth/password/request", {"email": "dora@example.com"})
        assert asked.status_code == 200
        (url,) = (word for word in mail.outbox[-1].body.split() if "/reset-password/" in word)
        key = url.rsplit("/", 1)[1]
        fresh = "another fine secret"
        reset = other.post(f"{ALLAUTH}/auth/password/reset", {"key": key, "password": fresh})
        assert reset.status_code in (200, 401), reset.json()
        assert dora.get("/auth/session").status_code == 401
        assert new_browser().sign_in("dora@example.com", fresh).status_code == 200

    def test_the_demo_account(self, browser: Any, store: Any) -> None:
        from motet_platform.accounts.demo import demo_seed

        (store.parent / "var").mkdir()
        demo = demo_seed()
        assert browser.sign_in(demo["email"], demo["password"]).status_code == 200
        assert browser.token("demo").json()["account"]["role"] == "owner"

    def test_sessions_are_listed_and_ended(self, dora: Any, new_browser: Any) -> None:
        other = new_browser()
        other.sign_in("dora@example.com")
        assert other.token().status_code == 200
        listed = dora.get(f"{ALLAUTH}/auth/sessions").json()["data"]
        (foreign,) = (session["id"] for session in listed if not session["is_current"])
        ended = dora.send("delete", f"{ALLAUTH}/auth/sessions", {"sessions": [foreign]})
        assert ended.status_code == 200
        assert other.get("/auth/session").status_code == 401
        assert SessionToken.objects.count() == 0


def test_a_person_changes_their_name(dora: Any, alice: Any) -> None:
    answer = dora.send("patch", "/auth/session", {"name": "Dora S."})
    assert (answer.status_code, answer.json()["name"]) == (200, "Dora S.")
    assert User.objects.get(email="dora@example.com").name == "Dora S."
    assert User.objects.get(pk=alice.user.pk).name == "Acme"
    assert dora.send("patch", "/auth/session", {"name": "x" * 121}).status_code == 400
    assert dora.send("patch", "/auth/session", {"name": "x"}, csrf=False).status_code == 403


class TestToken:
    def test_it_works(self, dora: Any, anonymous: Any) -> None:
        body = dora.token().json()
        assert body["token"].startswith("mot_sess_")
        assert body["account"]["slug"] == "dora"
        assert body["accounts"] == [body["account"]]
        assert {"owner", "account", "inference"} <= set(body["scopes"])
        anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {body['token']}")
        assert anonymous.get("/v1/keys").json()["data"] == []  # the dashboard is not a key
        made = anonymous.post("/v1/keys", {"name": "first"}, format="json")
        assert made.status_code == 201, made.json()
        assert made.json()["created_by"] == "dora@example.com"
        assert "owner" not in made.json()["scopes"]

    def test_the_secret_is_not_kept(self, dora: Any) -> None:
        from django.db import connection

        token = dora.token().json()["token"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT t::text FROM keys_sessiontoken t")
            assert token[20:] not in str(cursor.fetchall())

    def test_v1_takes_no_cookie_and_auth_no_token(
        self, dora: Any, anonymous: Any, error_of: Any
    ) -> None:
        assert error_of(dora.get("/v1/keys")) == "invalid_api_key"
        api = bearer(anonymous, dora)
        assert error_of(api.get("/auth/session")) == "not_signed_in"

    def test_csrf(self, dora: Any, error_of: Any) -> None:
        answer = dora.post("/auth/token", {}, csrf=False)
        assert (answer.status_code, error_of(answer)) == (403, "csrf_failed")
        assert not SessionToken.objects.exists()

    def test_no_session(self, browser: Any, error_of: Any) -> None:
        answer = browser.token()
        assert (answer.status_code, error_of(answer)) == (401, "not_signed_in")

    def test_another_tenants_account(self, dora: Any, alice: Any, error_of: Any) -> None:
        answer = dora.token("acme")
        assert (answer.status_code, error_of(answer)) == (404, "account_not_found")
        assert answer.json() == dora.token("acme").json()

    def test_one_of_several_accounts(self, dora: Any, alice: Any, anonymous: Any) -> None:
        Membership.objects.create(
            account=alice.account, user=User.objects.get(email="dora@example.com"), role="viewer"
        )
        body = dora.token("acme").json()
        assert (body["account"]["slug"], body["account"]["role"]) == ("acme", "viewer")
        assert [account["slug"] for account in body["accounts"]] == ["dora", "acme"]
        anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {body['token']}")
        assert anonymous.get("/v1/keys").status_code == 403
        assert [m["email"] for m in anonymous.get("/v1/members").json()["data"]] == [
            "alice@acme.example", "dora@example.com",
        ]  # fmt: skip

    def test_it_expires(self, dora: Any, anonymous: Any) -> None:
        api = bearer(anonymous, dora)
        assert api.get("/v1/usage").status_code == 200
        SessionToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert api.get("/v1/usage").status_code == 401

    def test_it_ends_with_the_session(self, dora: Any, anonymous: Any) -> None:
        api = bearer(anonymous, dora)
        assert dora.send("delete", f"{ALLAUTH}/auth/session").status_code == 401
        assert api.get("/v1/usage").status_code == 401
        assert not SessionToken.objects.exists()

    def test_it_ends_with_the_membership(self, dora: Any, anonymous: Any) -> None:
        api = bearer(anonymous, dora)
        Membership.objects.get().delete()
        assert api.get("/v1/usage").status_code == 401

    @pytest.mark.parametrize("change", ["password", "is_active", "is_staff"])
    def test_it_ends_when_the_person_changes(self, change: str, dora: Any, anonymous: Any) -> None:
        api = bearer(anonymous, dora)
        user = User.objects.get()
        if change == "password":
            user.set_password("something else")
        else:
            setattr(user, change, not getattr(user, change))
        user.save()
        assert api.get("/v1/usage").status_code == 401

    def test_it_has_the_role_of_the_moment(self, dora: Any, anonymous: Any) -> None:
        api = bearer(anonymous, dora)
        assert api.get("/v1/keys").status_code == 200
        Membership.objects.update(role=Role.VIEWER)
        assert api.get("/v1/keys").status_code == 403

    def test_a_suspended_account(self, dora: Any, anonymous: Any, error_of: Any) -> None:
        api = bearer(anonymous, dora)
        Account.objects.update(suspended_at=timezone.now())
        assert error_of(api.get("/v1/usage")) == "account_suspended"
        assert dora.token().json()["account"]["suspended"] is True

    def test_tokens_do_not_pile_up(self, dora: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("motet_platform.keys.tokens.MAX_PER_SESSION", 3)
        for _ in range(5):
            dora.token()
        assert SessionToken.objects.count() == 3
        assert ApiKey.objects.filter(dashboard=True).count() == 1

    def test_the_sweep_leaves_what_lives(self, dora: Any, anonymous: Any) -> None:
        from motet_platform.keys.tokens import tokens_sweep

        dora.token()
        SessionToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        api = bearer(anonymous, dora)
        assert tokens_sweep() == 1
        assert api.get("/v1/usage").status_code == 200
        assert dora.get("/auth/session").status_code == 200

    def test_the_dashboards_key_cannot_be_revoked_as_a_key(
        self, dora: Any, anonymous: Any, error_of: Any
    ) -> None:
        api = bearer(anonymous, dora)
        key = ApiKey.objects.get(dashboard=True)
        for call in (api.get, api.delete):
            assert error_of(call(f"/v1/keys/{key.pk}")) == "key_not_found"
