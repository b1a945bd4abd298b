"""`motet keys`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from motet_platform.cli.caps import CAP_HELP, Cap, parse_cap, show_cap
from motet_platform.cli.client import api, check, listed
from motet_platform.cli.output import Json, note, print_json, print_table

app = typer.Typer(help="Your account's API keys.", no_args_is_help=True)


@app.command()
def ls(as_json: Json = False) -> None:
    """List the keys; the secrets themselves are shown only once, when they are made."""
    with api() as client:
        found = list(listed(client, "keys"))
    if as_json:
        print_json(found)
        return
    rows = [
        [
            k["id"], k["prefix"], k["name"], " ".join(k["scopes"]), _state(k), k["last_used_at"],
            show_cap(k["spend_cap"]),
        ]
        for k in found
    ]  # fmt: skip
    print_table(["id", "key", "name", "scopes", "state", "last used", "spend cap"], rows)


@app.command()
def create(
    name: str,
    scope: Annotated[list[str] | None, typer.Option(help="Repeat for more.")] = None,
    model: Annotated[list[str] | None, typer.Option(help="Only these models.")] = None,
    rpm: Annotated[int | None, typer.Option(help="Requests per minute.")] = None,
    tpm: Annotated[int | None, typer.Option(help="Tokens per minute.")] = None,
    expires: Annotated[str | None, typer.Option(help="Such as 2027-01-01T00:00:00Z.")] = None,
    cap: Cap = None,
    as_json: Json = False,
) -> None:
    """Make a key, which can do no more than yours. It goes to stdout, this once."""
    wanted = {
        "name": name,
        "scopes": scope or None,
        "models": model or None,
        "requests_per_minute": rpm,
        "tokens_per_minute": tpm,
        "expires_at": expires,
        "spend_cap": parse_cap(cap) if cap else None,
    }
    body = {field: value for field, value in wanted.items() if value is not None}
    with api() as client:
        made = check(client.post("keys", json=body))
    if as_json:
        print_json(made)
    else:
        print_table(["key"], [[made["key"]]])


@app.command()
def rotate(
    key_id: Annotated[int, typer.Argument(help="The id that `motet keys ls` shows.")],
    as_json: Json = False,
) -> None:
    """Give a key a new secret, which goes to stdout, this once; the old one ends at once."""
    with api() as client:
        made = check(client.post(f"keys/{key_id}/rotate"))
    if as_json:
        print_json(made)
    else:
        print_table(["key"], [[made["key"]]])


@app.command()
def cap(
    key_id: Annotated[int, typer.Argument(help="The id that `motet keys ls` shows.")],
    to: Annotated[str, typer.Argument(help=f"{CAP_HELP} Or: off.")],
) -> None:
    """Cap what a key may spend, or lift its cap; it holds for the next request."""
    with api() as client:
        check(client.patch(f"keys/{key_id}", json={"spend_cap": parse_cap(to)}))
    note(f"{key_id}: {to}")


@app.command()
def revoke(
    key_id: Annotated[int, typer.Argument(help="The id that `motet keys ls` shows.")],
) -> None:
    """End a key, at once and for good."""
    with api() as client:
        check(client.delete(f"keys/{key_id}"))
    note(f"revoked {key_id}")


def _state(key: dict[str, Any]) -> str:
    if key["revoked_at"]:
        return "revoked"
    return f"until {key['expires_at'][:10]}" if key["expires_at"] else "live"
