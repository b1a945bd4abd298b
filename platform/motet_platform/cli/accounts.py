"""`motet accounts`: for operators."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from motet_platform.cli.operator import operator
from motet_platform.cli.output import Json, note, print_json, print_table

app = typer.Typer(help="Accounts of tenants (for operators).", no_args_is_help=True)


@app.command()
def create(
    email: Annotated[str, typer.Option(help="The owner's e-mail, which is the login.")],
    name: Annotated[str, typer.Option(help="Shown to people.")] = "",
    slug: Annotated[str, typer.Option(help="First half of model names; from the e-mail.")] = "",
    password: Annotated[
        str | None, typer.Option(envvar="MOTET_PASSWORD", help="None: no login with a password.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make an account with sign-up credit and a key, which is shown this once."""
    with operator():
        from motet_platform.accounts.services import account_create
        from motet_platform.keys.services import key_create

        new = account_create(email=email, name=name, slug=slug, password=password)
        key = key_create(account=new.account, name="first", created_by=new.owner)
        made = {"account": new.account.slug, "email": new.owner.email, "api_key": key.secret}
    if as_json:
        print_json(made)
    else:
        print_table(["account", "email", "key"], [list(made.values())])


@app.command()
def ls(as_json: Json = False) -> None:
    """List all accounts with their credit."""
    with operator():
        from motet_billing.money import usd

        from motet_platform.accounts.models import Account

        rows = [
            {
                "account": account.slug,
                "name": account.name,
                "available": usd(account.wallet.posted - account.wallet.reserved),
                "suspended": account.suspended_at is not None,
            }
            for account in Account.objects.filter(deleted_at=None)
            .select_related("wallet")
            .order_by("slug")
        ]
    if as_json:
        print_json(rows)
    else:
        print_table(["account", "name", "USD", "suspended"], [list(row.values()) for row in rows])


@app.command()
def grant(
    slug: str,
    usd: Annotated[str, typer.Argument(help="An amount such as 25.00.")],
    once: Annotated[
        str, typer.Option(help="A name for this grant: the same name grants only once.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Give an account credit."""
    with operator():
        from motet_billing import money, selectors

        from motet_platform.accounts.selectors import account_get
        from motet_platform.accounts.services import account_grant

        account = account_get(slug)
        source = f"operator:{account.pk}:{once or secrets.token_hex(8)}"
        account_grant(account=account, usd=usd, source_key=source)
        available = money.usd(selectors.balance(account.pk).available)
    if as_json:
        print_json({"account": slug, "available": available})
    else:
        note(f"{slug} has {available} USD")


@app.command()
def suspend(slug: str) -> None:
    """Stop every key of an account at once."""
    _suspend(slug, suspended=True)


@app.command()
def resume(slug: str) -> None:
    """Let the keys of a suspended account work again."""
    _suspend(slug, suspended=False)


def _suspend(slug: str, *, suspended: bool) -> None:
    with operator():
        from motet_platform.accounts.selectors import account_get
        from motet_platform.accounts.services import account_suspend

        account_suspend(account=account_get(slug), suspended=suspended)
