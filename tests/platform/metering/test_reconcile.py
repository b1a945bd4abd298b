"""The books against each other: one picodollar is found, wherever it is."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from motet_billing import checks, sql
from motet_billing.audit import Violation
from motet_billing.commands import Open
from motet_billing.decide import Books, decide
from motet_billing.services import price_set
from motet_platform.metering.reconcile import reconcile, unfinished, usage_mismatches
from typer.testing import CliRunner

pytestmark = pytest.mark.django_db


@pytest.fixture
def journal(tmp_path: Path) -> Callable[..., Path]:
    """A worker's journal: journal(("r1", "finished", 10, 5), ...)."""

    def write(*lines: tuple[str, str, int, int], tail: str = "") -> Path:
        path = tmp_path / "usage.jsonl"
        texts = [
            json.dumps(
                {"at": 1.0, "request_id": request, "gateway_id": "g", "account": "1",
                 "base_model": "tiny", "digest": "", "outcome": outcome, "prompt_tokens": prompt,
                 "cached_tokens": 0, "completion_tokens": completion}
            )
            for request, outcome, prompt, completion in lines
        ]  # fmt: skip
        path.write_text("\n".join(texts) + "\n" + tail)
        return path

    return write


def test_it_works(alice: Any, serve: Any, journal: Any) -> None:
    serve("r1")
    serve("r2", completion=7, status=499, finish_reason="cancelled")
    path = journal(("r1", "finished", 10, 5), ("r2", "cancelled", 10, 9), tail='{"at": 1.0, "re')
    report = reconcile([path])
    assert report.mismatches == []
    (total,) = report.totals
    assert total == ("acme", 2, 4400, 4400, 4400, 4400, 4400)
    assert report.uncharged == [("cancelled", 1, 2)]
    assert report.worker_lines == 2


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE metering_usagerecord SET cost = cost + 1", {"I10", "I17"}),
        ("UPDATE metering_usagerecord SET completion_tokens = 6", {"I10", "I17"}),
        ("UPDATE metering_usagehour SET cost = cost - 1", {"I17"}),
        ("UPDATE metering_usagehour SET requests = 2", {"I17"}),
        ("UPDATE metering_usagehour SET model = 'x'", {"I17"}),
        ("DELETE FROM metering_usagehour", {"I17"}),
        ("DELETE FROM metering_usagerecord", {"I10", "I17"}),
        ("UPDATE billing_hold SET captured = captured - 1", {"I10", "I7"}),
        ("UPDATE billing_priceversion SET output = 201", {"I10"}),
        ("DELETE FROM billing_hold", {"I10", "I7"}),
        ("UPDATE metering_usagerecord SET fault = 'over_hold', cost = cost + 1", {"I10", "I17"}),
    ],
)
def test_damage_is_found(serve: Any, damage: str, found: set[str]) -> None:
    """Damage as a superuser can do it, with all guards off."""
    serve("r1")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(damage)
        assert {violation.invariant for violation in reconcile().mismatches} == found
        transaction.set_rollback(True)


def test_a_fault_explains_less_and_never_more(serve: Any) -> None:
    serve("r1", cost=1999, fault="over_hold")
    assert usage_mismatches() == []


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([("r1", "finished", 10, 5), ("r1", "worker_lost", 10, 0)], set()),
        ([("r1", "finished", 10, 4)], {"W1"}),
        ([("r1", "finished", 10, 6)], {"W1"}),
        ([("r1", "finished", 9, 5)], {"W1"}),
        ([("r1", "finished", 10, 5), ("r2", "finished", 10, 5)], {"W2"}),
        ([("r1", "finished", 10, 5), ("r2", "cancelled", 10, 5)], set()),
        ([("r2", "cancelled", 10, 5)], {"W3"}),
    ],
)
def test_workers_are_heard(serve: Any, journal: Any, lines: Any, found: set[str]) -> None:
    serve("r1")
    assert {each.invariant for each in reconcile([journal(*lines)]).mismatches} == found


def test_an_open_hold_is_unfinished(alice: Any) -> None:
    price = price_set(sku="tiny", input=1, cached_input=1, output=1)
    with connection.cursor() as cursor:
        commands = [Open("r1", alice.account.wallet.pk, 5, price.pk, "gw", "{}")]
        rows = []
        for query in sql.locks(commands):
            cursor.execute(*query)
            rows.append(cursor.fetchall())
        for query in sql.writes(decide(commands, Books.of(*rows)), lease_s=60):
            cursor.execute(*query)
    assert [(each.invariant, each.subject) for each in unfinished()] == [("I9", "r1")]


def test_whoever_keeps_books_is_asked(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    wrong = Violation("I11", "payments", "one picodollar")
    monkeypatch.setitem(checks.checks, "bank", lambda: [wrong])
    assert reconcile().mismatches == [wrong]


def test_commands(serve: Any, journal: Any) -> None:
    from motet_platform.cli.main import app

    def motet(*words: str) -> Any:
        return CliRunner().invoke(app, list(words))

    serve("r1")
    path = str(journal(("r1", "finished", 10, 5)))
    for words in (["audit"], ["audit", "--quiet-state"], ["reconcile", "--journal", path]):
        result = motet(*words)
        assert result.exit_code == 0, result.output
    shown = json.loads(motet("reconcile", "--json").stdout)
    assert Decimal(shown["accounts"][0]["recomputed"]) == Decimal("0.000000002")
    wrong = motet("reconcile", "--journal", str(journal(("r1", "finished", 10, 4))))
    assert wrong.exit_code == 1 and "W1" in wrong.stdout
    assert motet("reconcile", "--journal", "/nowhere").exit_code == 1
    with connection.cursor() as cursor:
        cursor.execute("UPDATE metering_usagehour SET cost = cost + 1")
    assert motet("audit").exit_code == 0
    broken = motet("audit", "--quiet-state", "--json")
    assert broken.exit_code == 1
    assert [each["invariant"] for each in json.loads(broken.stdout)] == ["I17"]


def test_a_record_never_changes(serve: Any) -> None:
    from django.db import IntegrityError
    from motet_platform.metering.models import UsageRecord

    serve("r1")
    for change in (UsageRecord.objects.all().delete, lambda: UsageRecord.objects.update(cost=0)):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
