"""Balance and ledger: exact, paged, and never another tenant's."""

from typing import Any

import pytest
from motet_platform.accounts.services import account_grant


def test_balance(alice: Any) -> None:
    body = alice.api.get("/v1/billing/balance").json()
    assert (body["posted"], body["reserved"], body["available"]) == ("5.00", "0.00", "5.00")
    (lot,) = body["lots"]
    assert (lot["kind"], lot["amount"], lot["remaining"]) == ("promo", "5.00", "5.00")
    assert lot["expires_at"]


def test_ledger(alice: Any) -> None:
    for n in range(4):
        account_grant(account=alice.account, usd=f"1.0{n}", source_key=f"test:{n}")
    first = alice.api.get("/v1/billing/ledger?limit=3").json()
    assert [line["amount"] for line in first["data"]] == ["1.03", "1.02", "1.01"]
    second = alice.api.get(f"/v1/billing/ledger?limit=3&after={first['next']}").json()
    assert [line["amount"] for line in second["data"]] == ["1.00", "5.00"]
    assert second["data"][1]["memo"] == "sign-up credit"
    assert (second["has_more"], second["next"]) == (False, None)


def test_a_stranger_sees_nothing(alice: Any, bob: Any, charlie: Any) -> None:
    account_grant(account=alice.account, usd="100", source_key="test")
    assert charlie.api.get("/v1/billing/balance").json()["available"] == "5.00"
    assert len(charlie.api.get("/v1/billing/ledger").json()["data"]) == 1
    assert bob.api.get("/v1/billing/balance").json()["available"] == "105.00"


@pytest.mark.parametrize("path", ["balance", "ledger", "statement"])
def test_scope(path: str, alice: Any, error_of: Any) -> None:
    answer = alice.with_key(scopes=["usage"]).api.get(f"/v1/billing/{path}")
    assert (answer.status_code, error_of(answer)) == (403, "missing_scope")
