"""The matrix: every call of the management API, and the roles that may make it."""

import re
from typing import Any

import pytest

pytestmark = pytest.mark.django_db

O, A, D, B, V = "owner", "admin", "developer", "billing", "viewer"  # noqa: E741
EVERYBODY = {O, A, D, B, V}
NOBODY: set[str] = set()
ADMINS = {O, A}
MAKERS = {O, A, D}
PAYERS = {O, A, B}

MATRIX: dict[tuple[str, str], set[str]] = {
    ("get", "/v1/account"): EVERYBODY,
    ("patch", "/v1/account"): ADMINS,
    ("delete", "/v1/account"): {O},
    ("get", "/v1/adapters"): EVERYBODY,
    ("post", "/v1/adapters"): MAKERS,
    ("get", "/v1/adapters/{name}"): EVERYBODY,
    ("delete", "/v1/adapters/{name}"): MAKERS,
    ("get", "/v1/adapters/{name}/aliases"): EVERYBODY,
    ("get", "/v1/adapters/{name}/aliases/{alias}"): EVERYBODY,
    ("put", "/v1/adapters/{name}/aliases/{alias}"): MAKERS,
    ("delete", "/v1/adapters/{name}/aliases/{alias}"): MAKERS,
    ("post", "/v1/adapters/{name}/import"): MAKERS,
    ("get", "/v1/adapters/{name}/versions"): EVERYBODY,
    ("post", "/v1/adapters/{name}/versions"): MAKERS,
    ("get", "/v1/adapters/{name}/versions/{number}"): EVERYBODY,
    ("delete", "/v1/adapters/{name}/versions/{number}"): MAKERS,
    ("post", "/v1/adapters/{name}/versions/{number}/complete"): MAKERS,
    ("put", "/v1/adapters/{name}/versions/{number}/parts/{part}"): MAKERS,
    ("get", "/v1/import-sources"): EVERYBODY,
    ("get", "/v1/audit-log"): ADMINS,
    ("get", "/v1/billing/balance"): PAYERS,
    ("get", "/v1/billing/ledger"): PAYERS,
    ("get", "/v1/billing/statement"): PAYERS,
    ("get", "/v1/billing/autotopup"): PAYERS,
    ("put", "/v1/billing/autotopup"): PAYERS,
    ("post", "/v1/billing/checkout"): PAYERS,
    ("get", "/v1/billing/invoices"): PAYERS,
    ("get", "/v1/billing/payment_methods"): PAYERS,
    ("get", "/v1/billing/payments"): PAYERS,
    ("get", "/v1/billing/payments/{payment_id}"): PAYERS,
    ("post", "/v1/billing/portal"): PAYERS,
    ("get", "/v1/billing/settings"): PAYERS,
    ("get", "/v1/billing/alerts"): PAYERS,
    ("put", "/v1/billing/alerts"): PAYERS,
    ("get", "/v1/billing/caps"): PAYERS,
    ("put", "/v1/billing/caps"): PAYERS,
    ("get", "/v1/invitations"): EVERYBODY,
    ("post", "/v1/invitations"): ADMINS,
    ("delete", "/v1/invitations/{invitation_id}"): ADMINS,
    ("get", "/v1/keys"): MAKERS,
    ("post", "/v1/keys"): MAKERS,
    ("get", "/v1/keys/{key_id}"): MAKERS,
    ("patch", "/v1/keys/{key_id}"): MAKERS,
    ("delete", "/v1/keys/{key_id}"): MAKERS,
    ("post", "/v1/keys/{key_id}/rotate"): MAKERS,
    ("get", "/v1/members"): EVERYBODY,
    ("patch", "/v1/members/{member_id}"): ADMINS,
    ("delete", "/v1/members/{member_id}"): ADMINS,  # and everybody themselves
    ("get", "/v1/catalog"): EVERYBODY,
    ("get", "/v1/operator/accounts"): NOBODY,
    ("post", "/v1/operator/accounts/{slug}/grant"): NOBODY,
    ("post", "/v1/operator/accounts/{slug}/resume"): NOBODY,
    ("post", "/v1/operator/accounts/{slug}/suspend"): NOBODY,
    ("get", "/v1/operator/adjustments"): NOBODY,
    ("post", "/v1/operator/adjustments/{adjustment_id}/approve"): NOBODY,
    ("post", "/v1/operator/adjustments/{adjustment_id}/refuse"): NOBODY,
    ("get", "/v1/operator/spend"): NOBODY,
    ("get", "/v1/operator/stats"): NOBODY,
    ("get", "/v1/operator/workers"): NOBODY,
    ("get", "/v1/status"): EVERYBODY,
    ("get", "/v1/receipts/{request_id}"): EVERYBODY,
    ("get", "/v1/requests"): EVERYBODY,
    ("get", "/v1/stats"): EVERYBODY,
    ("get", "/v1/service-accounts"): EVERYBODY,
    ("post", "/v1/service-accounts"): ADMINS,
    ("get", "/v1/service-accounts/{service_id}"): EVERYBODY,
    ("delete", "/v1/service-accounts/{service_id}"): ADMINS,
    ("get", "/v1/usage"): EVERYBODY,
}


def test_it_is_complete(client: Any) -> None:
    described = client.get("/v1/openapi.json").json()["paths"]
    calls = {
        (method, path)
        for path, methods in described.items()
        for method in methods
        if path.startswith("/v1/")
    }
    assert calls == set(MATRIX)


@pytest.mark.parametrize("role", [O, A, D, B, V])
def test_it_holds(role: str, bob: Any, error_of: Any) -> None:
    api = bob.signed_in(role).api
    for (method, path), allowed in MATRIX.items():
        place = "00000000-0000-0000-0000-000000000000" if "{payment_id}" in path else "0"
        answer = getattr(api, method)(re.sub(r"{\w+}", place, path), {}, format="json")
        if role in allowed:
            assert answer.status_code not in (401, 403), (method, path, answer.json())
        else:
            assert answer.status_code == 403, (method, path)
            assert error_of(answer) == "missing_scope"


def test_staff_of_the_installation_are_nothing_more_in_an_account(bob: Any) -> None:
    bob.user.is_staff = True
    bob.user.save()
    assert bob.signed_in(V).api.get("/v1/keys").status_code == 403
