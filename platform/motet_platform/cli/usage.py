"""`motet usage` and `motet balance`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from motet_platform.cli.client import api, check
from motet_platform.cli.output import Json, print_json, print_table

FIGURES = ("requests", "prompt_tokens", "cached_tokens", "completion_tokens", "cost")


def usage(
    start: Annotated[str | None, typer.Option(help="2026-11-01; 30 days ago if left out.")] = None,
    end: Annotated[str | None, typer.Option(help="Not included; now if left out.")] = None,
    group_by: Annotated[
        str, typer.Option(help="Any of model,adapter,version,key,member,day,hour.")
    ] = "model",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: Json = False,
) -> None:
    """Show tokens and cost in USD."""
    asked = {"start": start, "end": end, "group_by": group_by}
    query = {name: value for name, value in asked.items() if value is not None}
    with api() as client:
        if as_csv:
            answer = client.get("usage", params=query, headers={"accept": "text/csv"})
            if not answer.is_success:
                check(answer)
            sys.stdout.write(answer.text)
            return
        found = check(client.get("usage", params=query))
    if as_json:
        print_json(found)
        return
    groups = [name for name in dict.fromkeys(g.strip() for g in group_by.split(",")) if name]
    rows = [[row[name] for name in (*groups, *FIGURES)] for row in found["data"]]
    if sys.stdout.isatty():
        margin = ["total", *[""] * len(groups)][: len(groups)]
        rows.append([*margin, *(found["total"][name] for name in FIGURES)])
    print_table([*groups, *FIGURES], rows)


def balance(as_json: Json = False) -> None:
    """Show the account's credit in USD."""
    with api() as client:
        found = check(client.get("billing/balance"))
    if as_json:
        print_json(found)
    else:
        names = ("available", "posted", "reserved")
        print_table(names, [[found[name] for name in names]])
