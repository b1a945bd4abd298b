"""A month's statement: it adds up, months follow each other without a gap, and nobody's else is."""

import csv
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from motet_billing.services import credit_grant, credit_take
from motet_platform.accounts.services import account_grant

pytestmark = pytest.mark.django_db

BACK = """
UPDATE billing_journal SET created_at = created_at - interval '{months} months';
UPDATE metering_usagehour SET hour = hour - interval '{months} months';
"""


@pytest.fixture
def later() -> Callable[[int], None]:
    """So many months go by."""

    def age(months: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(BACK.format(months=months))
            cursor.execute("SET LOCAL session_replication_role = origin")

    return age


def month(person: Any, back: int = 0) -> dict[str, Any]:
    now = timezone.now()
    number = now.year * 12 + now.month - 1 - back
    asked = f"{number // 12}-{number % 12 + 1:02d}"
    answer = person.api.get(f"/v1/billing/statement?month={asked}")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def moved(shown: dict[str, Any]) -> Decimal:
    return sum((Decimal(each["amount"]) for each in shown["movements"]), Decimal(0))


@pytest.fixture
def history(alice: Any, serve: Any, later: Any) -> None:
    """Sign-up and two requests; a month later a grant, a refund and a request; then one more."""
    serve("r1", 10, 5)
    serve("r2", 7, 1, model="acme/support")
    later(1)
    wallet = alice.account.wallet.pk
    account_grant(account=alice.account, usd="7.00", source_key="by hand")
    credit_grant(wallet_id=wallet, amount=3 * 10**12, kind="paid", source_key="stripe:pi_1")
    credit_take(
        wallet_id=wallet, amount=10**12, kind="refund", source_key="stripe:re_1", memo="asked for"
    )
    serve("r3", 3, 2)
    later(1)
    serve("r4", 1, 1)


def test_it_adds_up(alice: Any, history: None) -> None:
    nothing, first, second, current = (month(alice, back) for back in (3, 2, 1, 0))
    assert (nothing["opening"], nothing["closing"], nothing["movements"]) == ("0.00", "0.00", [])
    assert [each["amount"] for each in first["movements"]] == ["5.00"]
    assert [each["kind"] for each in second["movements"]] == ["grant", "grant", "refund"]
    assert [each["amount"] for each in second["movements"]] == ["7.00", "3.00", "-1.00"]
    assert [(each["model"], each["requests"], each["cost"]) for each in first["charges"]] == [
        ("acme/support", 1, "0.0000000009"), ("tiny", 1, "0.000000002"),
    ]  # fmt: skip
    for before, after in ((nothing, first), (first, second), (second, current)):
        assert before["closing"] == after["opening"] and before["end"] == after["start"]
        assert before["final"]
    for shown in (first, second, current):
        closing = Decimal(shown["opening"]) + moved(shown) - Decimal(shown["charged"])
        assert closing == Decimal(shown["closing"])
        charged = sum(Decimal(each["cost"]) for each in shown["charges"])
        assert charged == Decimal(shown["charged"])
    assert not current["final"]
    assert current["closing"] == alice.api.get("/v1/billing/balance").json()["posted"]


def test_a_month_that_has_ended_never_changes(alice: Any, history: None, serve: Any) -> None:
    before = month(alice, 1)
    serve("r5", 50, 7)
    account_grant(account=alice.account, usd="1.00", source_key="more")
    assert month(alice, 1) == before


def test_csv_sums_to_the_closing_balance(alice: Any, history: None) -> None:
    for back in (2, 1, 0):
        shown = month(alice, back)
        answer = alice.api.get(
            f"/v1/billing/statement?month={shown['start'][:7]}", headers={"accept": "text/csv"}
        )
        rows = list(csv.DictReader(answer.getvalue().decode().splitlines()))
        assert (rows[0]["kind"], rows[0]["amount"]) == ("opening", shown["opening"])
        assert sum(Decimal(row["amount"]) for row in rows) == Decimal(shown["closing"])
        assert [row["date"] for row in rows] == sorted(row["date"] for row in rows)


def test_it_is_the_accounts_own(alice: Any, charlie: Any, history: None) -> None:
    shown = month(charlie)
    assert (shown["charges"], shown["closing"]) == ([], "5.00")


@pytest.mark.parametrize("asked", ["2026", "2026-13", "2026-1", "1999-01", "x", "2026-11-01"])
def test_what_is_no_month(alice: Any, error_of: Any, asked: str) -> None:
    answer = alice.api.get(f"/v1/billing/statement?month={asked}")
    assert (answer.status_code, error_of(answer)) == (400, "invalid_request")
