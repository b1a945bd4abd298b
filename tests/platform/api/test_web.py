"""Documents: the API's description, the admin."""

import re
from typing import Any

import pytest

pytestmark = pytest.mark.django_db
SAFE = ("get", "head", "options")


def filled(path: str) -> str:
    """A path of the description with something in each of its places."""
    words = {
        "name": "x",
        "alias": "default",
        "part": "adapter_model",
        "request_id": "x",
        "slug": "x",
        "payment_id": "00000000-0000-0000-0000-000000000000",
    }
    return re.sub(r"{(\w+)}", lambda place: words.get(place[1], "1"), path)


def test_docs_and_their_files(client: Any) -> None:
    page = client.get("/docs").content.decode()
    assert "swagger-ui" in page
    files = [part.split('"')[0] for part in page.split('"/static/')[1:]]
    assert files
    assert "//cdn" not in page
    for file in files:
        assert client.get(f"/static/{file}").status_code == 200, file


def test_every_address_is_described(client: Any) -> None:
    described = client.get("/v1/openapi.json").json()
    assert described["openapi"].startswith("3.")
    expected = {
        "/auth/accounts": {"post"},
        "/auth/invitations": {"get"},
        "/auth/invitations/accept": {"post"},
        "/auth/session": {"get", "patch"},
        "/auth/token": {"post"},
        "/v1/account": {"get", "patch", "delete"},
        "/v1/audit-log": {"get"},
        "/v1/invitations": {"get", "post"},
        "/v1/invitations/{invitation_id}": {"delete"},
        "/v1/service-accounts": {"get", "post"},
        "/v1/service-accounts/{service_id}": {"get", "delete"},
        "/v1/adapters": {"get", "post"},
        "/v1/adapters/{name}": {"get", "delete"},
        "/v1/adapters/{name}/aliases": {"get"},
        "/v1/adapters/{name}/aliases/{alias}": {"get", "put", "delete"},
        "/v1/adapters/{name}/import": {"post"},
        "/v1/adapters/{name}/versions": {"get", "post"},
        "/v1/adapters/{name}/versions/{number}": {"get", "delete"},
        "/v1/adapters/{name}/versions/{number}/complete": {"post"},
        "/v1/adapters/{name}/versions/{number}/parts/{part}": {"put"},
        "/v1/import-sources": {"get"},
        "/v1/billing/alerts": {"get", "put"},
        "/v1/billing/autotopup": {"get", "put"},
        "/v1/billing/balance": {"get"},
        "/v1/billing/caps": {"get", "put"},
        "/v1/billing/checkout": {"post"},
        "/v1/billing/invoices": {"get"},
        "/v1/billing/ledger": {"get"},
        "/v1/billing/statement": {"get"},
        "/v1/billing/payment_methods": {"get"},
        "/v1/billing/payments": {"get"},
        "/v1/billing/payments/{payment_id}": {"get"},
        "/v1/billing/portal": {"post"},
        "/v1/billing/settings": {"get"},
        "/v1/keys": {"get", "post"},
        "/v1/keys/{key_id}": {"get", "patch", "delete"},
        "/v1/keys/{key_id}/rotate": {"post"},
        "/v1/members": {"get"},
        "/v1/members/{member_id}": {"patch", "delete"},
        "/v1/catalog": {"get"},
        "/v1/operator/accounts": {"get"},
        "/v1/operator/accounts/{slug}/grant": {"post"},
        "/v1/operator/accounts/{slug}/resume": {"post"},
        "/v1/operator/accounts/{slug}/suspend": {"post"},
        "/v1/operator/adjustments": {"get"},
        "/v1/operator/adjustments/{adjustment_id}/approve": {"post"},
        "/v1/operator/adjustments/{adjustment_id}/refuse": {"post"},
        "/v1/operator/spend": {"get"},
        "/v1/operator/stats": {"get"},
        "/v1/operator/workers": {"get"},
        "/v1/status": {"get"},
        "/v1/receipts/{request_id}": {"get"},
        "/v1/requests": {"get"},
        "/v1/stats": {"get"},
        "/v1/usage": {"get"},
    }
    assert {path: set(calls) for path, calls in described["paths"].items()} == expected
    for path, calls in described["paths"].items():
        for call in calls.values():
            by = "key" if path.startswith("/v1/") else "session"
            assert call["security"] == [{by: []}], path


def test_the_description_holds_no_guesses() -> None:
    from io import StringIO

    from django.core.management import call_command

    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options", "head"])
def test_no_address_works_without_a_key(method: str, anonymous: Any, client: Any) -> None:
    paths = client.get("/v1/openapi.json").json()["paths"]
    strict = anonymous.__class__(enforce_csrf_checks=True)
    for path in paths:
        concrete = filled(path)
        status = 401 if path.startswith("/v1/") or method in SAFE else 403  # CSRF comes first
        assert getattr(strict, method)(concrete).status_code == status, path


@pytest.mark.parametrize("method", ["patch", "options"])
def test_methods_that_no_view_names_are_refused(method: str, alice: Any, client: Any) -> None:
    for path, calls in client.get("/v1/openapi.json").json()["paths"].items():
        if path.startswith("/v1/") and method not in calls:
            assert getattr(alice.api, method)(filled(path)).status_code == 405, path


class TestAdmin:
    MODELS = [
        "accounts/account", "accounts/user", "adapters/adapter", "billing/hold", "billing/journal",
        "billing/lot", "billing/priceversion", "billing/wallet", "catalog/basemodel",
        "keys/apikey", "metering/usagerecord", "audit/auditentry", "team/invitation",
        "team/serviceaccount",
    ]  # fmt: skip

    @pytest.fixture
    def staff(self, client: Any) -> Any:
        from motet_platform.accounts.models import User

        client.force_login(User.objects.create_superuser("staff@here.example"))
        return client

    def test_customers_stay_outside(self, alice: Any, client: Any) -> None:
        client.force_login(alice.user)
        assert client.get("/admin/").status_code == 302

    @pytest.mark.parametrize("model", MODELS)
    def test_lists(self, model: str, staff: Any, alice: Any) -> None:
        assert staff.get(f"/admin/{model}/").status_code == 200
        assert staff.get(f"/admin/{model}/?q=acme").status_code == 200
        # An account without its wallet, or a key that nobody saw, would be useless.
        assert staff.get(f"/admin/{model}/add/").status_code == (
            200 if model in ("catalog/basemodel", "billing/priceversion") else 403
        )

    @pytest.mark.parametrize("model", ["wallet", "lot", "journal"])
    def test_the_ledger_is_only_read(self, model: str, staff: Any, alice: Any) -> None:
        from django.apps import apps

        pk = apps.get_model("billing", model).objects.get().pk
        assert staff.get(f"/admin/billing/{model}/{pk}/change/").status_code == 200
        for action in ("change", "delete"):
            answer = staff.post(f"/admin/billing/{model}/{pk}/{action}/", {"posted": 1})
            assert answer.status_code == 403

    def test_keys_can_be_revoked(self, staff: Any, alice: Any) -> None:
        chosen = {"action": "revoke", "_selected_action": alice.key.pk}
        staff.post("/admin/keys/apikey/", chosen)
        assert alice.api.get("/v1/keys").status_code == 401


def test_unforeseen_errors_say_nothing(
    alice: Any, error_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("motet_platform.team.member_views.members_of", fail)
    answer = alice.api.get("/v1/members")
    assert (answer.status_code, error_of(answer)) == (500, "internal_error")
    assert "secret detail" not in answer.content.decode()


def test_a_database_that_is_away(
    alice: Any, error_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    def fail(*args: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("motet_platform.team.member_views.members_of", fail)
    answer = alice.api.get("/v1/members")
    assert (answer.status_code, error_of(answer)) == (503, "database_unavailable")
    assert int(answer.headers["retry-after"]) > 0


def test_every_answer_has_a_request_id(alice: Any, anonymous: Any) -> None:
    ids = {
        answer.headers["x-request-id"]
        for answer in (
            alice.api.get("/v1/keys"),
            alice.api.get("/v1/keys/0"),
            anonymous.get("/v1/keys"),
        )
    }
    assert len(ids) == 3
