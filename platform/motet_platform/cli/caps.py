"""`motet caps`, and how caps are written on the command line."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from motet_platform.cli.client import api, check
from motet_platform.cli.output import Json, note, print_json, print_table

CAP_HELP = "USD and period, such as 10/month, 2.50/day, 40/week or 100/none (never resets)."
Cap = Annotated[str | None, typer.Option(help=f"Spend cap: {CAP_HELP}")]


def parse_cap(text: str) -> dict[str, str] | None:
    """The API's form of "10/month"; None for "off". The server judges the rest."""
    if text == "off":
        return None
    limit, _, period = text.partition("/")
    return {"limit": limit, "period": period or "month"}


def show_cap(cap: dict[str, Any] | None) -> str:
    return "" if cap is None else f"{cap['spent']} of {cap['limit']}/{cap['period']}"


def caps(
    account: Annotated[
        str | None, typer.Option(help=f"Set the account's own cap: {CAP_HELP} Or: off.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what the account and its keys may spend, or cap the account."""
    with api() as client:
        if account is not None:
            found = check(client.put("billing/caps", json={"account": parse_cap(account)}))
            note(f"account: {account}")
        else:
            found = check(client.get("billing/caps"))
    if as_json:
        print_json(found)
        return
    named = [("account", found["account"])] if found["account"] else []
    named += [(f"{key['prefix']} {key['name']}", key) for key in found["keys"]]
    columns = ["limit", "period", "spent", "reserved", "remaining", "resets_at"]
    print_table(["of", *columns], [[name, *(cap[c] for c in columns)] for name, cap in named])
