"""Amounts as strangers write them: each is understood exactly or refused as 400, never a 500."""

from typing import Any

import pytest
from motet_billing.selectors import audit
from motet_platform.config import get_config

pytestmark = pytest.mark.django_db

NO_AMOUNTS = [
    "", " ", "x", "-1", "-0.01", "+5", "5.", ".5", "1_000", "1,000", "5,00", "1e3",
    "1e400", "0x10", "NaN", "Infinity", "-Infinity", "٥", "\uff15", "5.0٠", "½", "5\u0000",
    "$5", "0.0000000000001", "9223372.036854775808", "9" * 30, "9" * 5000, 1e308, 2**70,
    True, None, [], ["5"], {}, {"amount": "5"},
]  # fmt: skip


@pytest.fixture(autouse=True)
def payments(monkeypatch: pytest.MonkeyPatch) -> None:
    """On, at an address where nobody is: what is refused never gets that far."""
    monkeypatch.setitem(get_config().__dict__, "stripe", "sandbox")
    monkeypatch.setitem(get_config().__dict__, "stripe_url", "http://127.0.0.1:9")


@pytest.mark.parametrize("amount", NO_AMOUNTS, ids=lambda amount: repr(amount)[:20])
def test_what_is_no_amount(alice: Any, charlie: Any, amount: Any) -> None:
    charlie.user.is_staff = True
    charlie.user.save()
    rule = {"enabled": False, "threshold": "5", "amount": "20", "monthly_cap": "50"}
    cap = {"limit": amount, "period": "day"}
    asked = [
        (alice.api.post, "/v1/billing/checkout", {"amount": amount}),
        *(
            (alice.api.put, "/v1/billing/autotopup", {**rule, name: amount})
            for name in ("threshold", "amount", "monthly_cap")
        ),
        (alice.api.put, "/v1/billing/caps", {"account": cap}),
        (alice.api.post, "/v1/keys", {"name": "k", "spend_cap": cap}),
        (alice.api.patch, f"/v1/keys/{alice.key.pk}", {"spend_cap": cap}),
        (
            charlie.signed_in("viewer").api.post, "/v1/operator/accounts/acme/grant",
            {"amount": amount},
        ),
    ]  # fmt: skip
    for call, path, body in asked:
        answer = call(path, body, format="json")
        assert answer.status_code == 400, (path, body, answer.content)
        assert answer.json()["error"]["message"]
    assert audit() == []
