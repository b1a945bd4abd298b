"""`motet audit` and `motet reconcile`: whether the books are right. Exit status 1 if not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from motet_platform.cli.operator import operator
from motet_platform.cli.output import FAILED, Json, fail, note, print_json, print_table

if TYPE_CHECKING:
    from motet_billing.audit import Violation


def audit(
    quiet_state: Annotated[
        bool,
        typer.Option("--quiet-state", help="Nothing runs now: check also what holds only then."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Check the ledger's invariants, which hold at any instant."""
    with operator():
        from motet_billing.checks import outside
        from motet_billing.selectors import audit as ledger_audit

        from motet_platform.metering.reconcile import unfinished, usage_mismatches

        found = ledger_audit()
        if quiet_state:
            found += [*unfinished(), *usage_mismatches(), *outside()]
    if as_json:
        print_json([violation._asdict() for violation in found])
    _verdict(found, shown=as_json, good="the books are right")


def reconcile(
    journal: Annotated[
        list[Path] | None,
        typer.Option(help="A worker's journal of usage; repeat for more. All workers', or none."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Recompute every cost from tokens and prices, and compare all books."""
    with operator():
        from motet_billing.money import usd

        from motet_platform.config import get_config
        from motet_platform.metering import reconcile as books

        own = get_config().var / "worker" / "usage.jsonl"
        journals = journal or ([own] if own.exists() else [])
        try:
            report = books.reconcile(journals)
        except OSError as error:
            fail(str(error))
    if as_json:
        print_json(
            {
                "accounts": [
                    {k: v if k in ("account", "requests") else usd(v) for k, v in row.items()}
                    for row in (total._asdict() for total in report.totals)
                ],
                "uncharged": [row._asdict() for row in report.uncharged],
                "worker_lines": report.worker_lines,
                "mismatches": [violation._asdict() for violation in report.mismatches],
            }
        )
    else:
        rows = [[t.account, t.requests, *map(usd, t[2:])] for t in report.totals]
        print_table(books.Total._fields, rows)
        if report.uncharged:
            note("tokens that were computed and not charged:")
            for each in report.uncharged:
                note(f"  {each.reason}: {each.tokens} tokens of {each.requests} requests")
    workers = f"{report.worker_lines} lines of workers" if journals else "no worker's journal"
    _verdict(report.mismatches, shown=as_json, good=f"the books agree ({workers})")


def _verdict(found: Sequence[Violation], *, shown: bool, good: str) -> None:
    if not found:
        note(good)
        return
    if not shown:
        print_table(["invariant", "about", "found"], found)
    note(f"{len(found)} things are wrong")
    raise typer.Exit(FAILED)
